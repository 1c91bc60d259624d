import type { Budget } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Progress } from '@/components/ui/progress'
import { formatBytes } from '@/lib/bytes'

/** From this share on, the next start may have to wait or to stop an idle container. */
const WARNING_SHARE = 0.9

/** How much of the host's memory is reserved by containers. */
export function BudgetCard({ budget }: { budget: Budget }) {
  const { totalBytes, reservedBytes, running } = budget
  const share = totalBytes ? reservedBytes / totalBytes : 0
  return (
    <Card className="px-5 py-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 className="text-md leading-6">Memory for agents</h2>
        <p className="tnum text-sm text-muted">
          <span className="font-medium text-fg">{formatBytes(reservedBytes)}</span>
          {totalBytes != null && ` of ${formatBytes(totalBytes)}`} taken by{' '}
          {running === 1 ? 'one container' : `${running} containers`}
        </p>
      </div>
      {totalBytes != null && (
        <div className="mt-3">
          <Progress label="Memory taken" value={share} tone={share >= WARNING_SHARE ? 'warn' : 'accent'} />
        </div>
      )}
      <p className="mt-2.5 text-xs text-muted">{explanation(budget, share)}</p>
    </Card>
  )
}

function explanation({ totalBytes, reservedBytes }: Budget, share: number): string {
  if (totalBytes == null) return 'No worker has reported yet how much memory this host has.'
  if (share >= WARNING_SHARE)
    return 'Full. The next start puts the container that has been idle longest to sleep; if none is idle, the start waits.'
  const free = formatBytes(Math.max(0, totalBytes - reservedBytes))
  return `${free} free. When it is full, the container that has been idle longest goes to sleep first.`
}
