import type { JobStats, Spread } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/feedback'
import { duration } from '@/lib/time'

/** How long jobs waited and ran in the last hour. */
export function TimesCard({ stats }: { stats: JobStats | undefined }) {
  const all = stats?.times.find((times) => !times.lane)
  return (
    <Card className="px-5 py-4">
      <h2 className="text-base">Times</h2>
      {!stats && <Skeleton className="mt-4 h-24 w-full" />}
      {stats && !all && <p className="mt-2 text-sm text-muted">Nothing was finished in the last hour.</p>}
      {all && (
        <dl className="mt-3 grid grid-cols-2 gap-4 lg:grid-cols-1">
          <Line name="Waited before it began" spread={all.waitMs} />
          <Line name="Ran" spread={all.runMs} />
        </dl>
      )}
    </Card>
  )
}

function Line({ name, spread }: { name: string; spread: Spread }) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="tnum mt-0.5 text-sm">
        <span className="font-medium">{duration(spread.p50)}</span> usually
        <br />
        <span className="font-medium">{duration(spread.p95)}</span> in the slowest 5 of 100
      </dd>
    </div>
  )
}
