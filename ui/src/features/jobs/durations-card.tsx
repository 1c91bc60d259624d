import type { JobStats, Percentiles } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/feedback'
import { formatDuration } from '@/lib/time'

/** How long jobs waited and ran in the last hour. */
export function DurationsCard({ stats }: { stats: JobStats | undefined }) {
  const all = stats?.times.find((times) => !times.lane)
  return (
    <Card className="px-5 py-4">
      <h2 className="text-base">Durations</h2>
      {!stats && <Skeleton className="mt-4 h-24 w-full" />}
      {stats && !all && <p className="mt-2 text-sm text-muted">No job finished in the last hour.</p>}
      {all && (
        <dl className="mt-3 grid grid-cols-2 gap-4 lg:grid-cols-1">
          <Line name="Wait before the start" percentiles={all.waitMs} />
          <Line name="Run time" percentiles={all.runMs} />
        </dl>
      )}
    </Card>
  )
}

function Line({ name, percentiles }: { name: string; percentiles: Percentiles }) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="tnum mt-0.5 text-sm">
        <span className="font-medium">{formatDuration(percentiles.p50)}</span> median
        <br />
        <span className="font-medium">{formatDuration(percentiles.p95)}</span> 95th percentile
      </dd>
    </div>
  )
}
