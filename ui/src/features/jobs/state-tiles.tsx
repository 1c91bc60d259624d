import { getRouteApi, Link } from '@tanstack/react-router'
import { JOB_STATES, type JobStats } from '@/api/types'
import { Skeleton } from '@/components/ui/feedback'
import { cn } from '@/lib/cn'
import { formatNumber } from '@/lib/time'
import { STATE_STYLES } from './job-state'

const route = getRouteApi('/_app/jobs')

/** The number of jobs in each state; a tile also filters by its state. */
export function StateTiles({ stats }: { stats: JobStats | undefined }) {
  const search = route.useSearch()
  return (
    <ul
      aria-label="Jobs by state"
      className="hairline -mx-4 flex gap-2.5 overflow-x-auto px-4 py-0.5 md:mx-0 md:grid md:grid-cols-6 md:overflow-visible md:px-0"
    >
      {JOB_STATES.map((state) => {
        const { label, Icon, color } = STATE_STYLES[state]
        const counts = stats?.counts.filter((count) => count.state === state) ?? []
        const total = counts.reduce((sum, count) => sum + count.count, 0)
        const more = counts.some((count) => count.more)
        const pressed = search.state === state
        return (
          <li key={state} className="min-w-32 shrink-0 md:min-w-0">
            <Link
              to="/jobs"
              search={{ ...search, view: undefined, state: pressed ? undefined : state }}
              aria-current={pressed ? 'true' : undefined}
              activeProps={{}}
              className={cn(
                'block rounded-card border bg-surface px-4 py-3 shadow-card transition-colors duration-100 hover:bg-surface-2',
                pressed && 'border-accent bg-accent-soft ring-1 ring-accent',
              )}
            >
              <span className="flex items-center gap-2 text-sm text-muted">
                <Icon aria-hidden className={cn('size-4', color)} />
                {label}
              </span>
              {stats ? (
                <span className="tnum mt-1 block text-xl font-semibold">
                  {formatNumber(total)}
                  {more && '+'}
                </span>
              ) : (
                <Skeleton className="mt-2.5 mb-1.5 h-4 w-12" />
              )}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
