import type { Budget } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import { bytes } from '@/lib/bytes'

/** From here on the next start may have to wait or to put somebody else's container to sleep. */
const TIGHT = 0.9

/** How much of the host's memory containers have taken for themselves. */
export function BudgetCard({ budget }: { budget: Budget }) {
  const { totalBytes, reservedBytes, running } = budget
  const share = totalBytes ? reservedBytes / totalBytes : 0
  return (
    <Card className="px-5 py-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 className="text-md leading-6">Memory for agents</h2>
        <p className="tnum text-sm text-muted">
          <span className="font-medium text-fg">{bytes(reservedBytes)}</span>
          {totalBytes != null && ` of ${bytes(totalBytes)}`} taken by{' '}
          {running === 1 ? 'one container' : `${running} containers`}
        </p>
      </div>
      {totalBytes != null && (
        <div className="mt-3">
          <Progress label="Memory taken" value={share} tone={share >= TIGHT ? 'warn' : 'accent'} />
        </div>
      )}
      <p className="mt-2.5 text-xs text-muted">{explanation(budget, share)}</p>
    </Card>
  )
}

function explanation({ totalBytes, reservedBytes }: Budget, share: number): string {
  if (totalBytes == null) return 'No worker has told yet how much this host has.'
  if (share >= TIGHT)
    return 'Full. For the next start the container that was idle for the longest goes to sleep; where none is idle, the start waits.'
  const free = bytes(Math.max(0, totalBytes - reservedBytes))
  return `${free} are free. When it is full, the container that was idle for the longest goes to sleep first.`
}
