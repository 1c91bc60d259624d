import { lazy, Suspense, useEffect, useState } from 'react'
import type { JobStats } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/feedback'
import { formatNumber } from '@/lib/time'

const Chart = lazy(() => import('./chart'))

/** The throughput per minute. The chart is loaded after the rest of the page. */
export function ChartCard({ stats }: { stats: JobStats | undefined }) {
  const [idle, setIdle] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIdle(true), 200)
    return () => clearTimeout(timer)
  }, [])
  const series = stats?.throughput ?? []
  const done = series.reduce((sum, point) => sum + point.done, 0)
  const failed = series.reduce((sum, point) => sum + point.failed, 0)
  return (
    <Card className="min-w-0 px-5 py-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="text-base">
          Throughput <span className="font-normal text-muted">last hour</span>
        </h2>
        <p className="flex gap-4 text-xs text-muted">
          <Legend className="bg-accent" name="Done" value={done} />
          <Legend className="bg-bad" name="Failed" value={failed} />
        </p>
      </div>
      <p className="sr-only">
        In the last hour {formatNumber(done)} jobs were done and {formatNumber(failed)} failed.
      </p>
      <div className="mt-2 h-44">
        {stats && idle ? (
          <Suspense fallback={<Skeleton className="h-full w-full" />}>
            <Chart points={series} />
          </Suspense>
        ) : (
          <Skeleton className="h-full w-full" />
        )}
      </div>
    </Card>
  )
}

function Legend({ className, name, value }: { className: string; name: string; value: number }) {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className={`h-0.5 w-3 rounded-full ${className}`} />
      {name} <span className="tnum font-medium text-fg">{formatNumber(value)}</span>
    </span>
  )
}
