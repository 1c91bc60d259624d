import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { Alert } from '@/components/ui/feedback'
import { formatNumber } from '@/lib/time'

const POLL_INTERVAL_MS = 4000

/** Shows that the search by meaning is unavailable or still indexing; otherwise nothing. */
export function IndexState() {
  const { data } = useQuery({
    ...queries.knowledgeStatus,
    refetchInterval: ({ state }) => (state.data && state.data.pending > 0 ? POLL_INTERVAL_MS : false),
  })
  if (!data) return null
  const { embedding, pending, total } = data
  if (embedding.state === 'unavailable')
    return (
      <Alert tone="warn" title="Search currently uses words only">
        {embedding.detail ?? 'The embedding service does not answer.'} Saving works, and search by meaning
        catches up automatically.
      </Alert>
    )
  if (embedding.state === 'off' || pending === 0) return null
  return (
    <p role="status" className="tnum text-xs text-muted">
      {formatNumber(total - pending)} of {formatNumber(total)} texts can be found by meaning; the others
      follow automatically. Search by words finds all of them.
    </p>
  )
}
