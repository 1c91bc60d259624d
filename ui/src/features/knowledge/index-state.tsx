import { useQuery } from '@tanstack/react-query'
import { q } from '@/api/queries'
import { Alert } from '@/components/ui/feedback'
import { number } from '@/lib/time'

const LOOK_MS = 4000

/** Whether search goes by meaning too, and how far the index is. Silent when all is as it should be. */
export function IndexState() {
  const { data } = useQuery({
    ...q.knowledgeStatus,
    refetchInterval: ({ state }) => (state.data && state.data.pending > 0 ? LOOK_MS : false),
  })
  if (!data) return null
  const { embedding, pending, total } = data
  if (embedding.state === 'unavailable')
    return (
      <Alert tone="warn" title="Search goes by words only at the moment">
        {embedding.detail ?? 'What works out the meaning of a text does not answer.'} Saving works, and search
        by meaning catches up by itself.
      </Alert>
    )
  if (embedding.state === 'off' || pending === 0) return null
  return (
    <p role="status" className="tnum text-xs text-muted">
      {number(total - pending)} of {number(total)} texts can be found by meaning; the others follow by
      themselves. By words all can be found.
    </p>
  )
}
