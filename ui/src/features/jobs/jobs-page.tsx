import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Outlet } from '@tanstack/react-router'
import { Pause, Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import { queries } from '@/api/queries'
import { Alert } from '@/components/ui/feedback'
import { TAB_BAR_CLASS, tabClass } from '@/components/ui/tab-links'
import { TopBar } from '@/features/shell/top-bar'
import { cn } from '@/lib/cn'
import { ChartCard } from './chart-card'
import { DurationsCard } from './durations-card'
import { JobList } from './job-list'
import type { View } from './job-search'
import { Lanes } from './lanes'
import { Schedules } from './schedules'
import { StateTiles } from './state-tiles'
import { type ConnectionState, useLiveJobs } from './use-live-jobs'
import { Workers } from './workers'

const route = getRouteApi('/_app/jobs')

/** Background jobs, live. */
export function JobsPage() {
  const search = route.useSearch()
  const { data: me } = useQuery(queries.me)
  const stats = useQuery(queries.jobStats)
  const [paused, setPaused] = useState(false)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const connection = useLiveJobs(paused || selected.size > 0)
  const admin = me?.role === 'admin'
  const view = admin ? search.view : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list clears the selection
  useEffect(() => setSelected(new Set()), [JSON.stringify(search)])
  return (
    <>
      <TopBar
        title="Jobs"
        note={
          admin ? 'The background work of all users, without its content' : 'Background work for your agents'
        }
        actions={<LiveChip connection={connection} paused={paused} onToggle={() => setPaused(!paused)} />}
      />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1248px] flex-col gap-4 px-4 py-5 md:px-6">
          {stats.isError && stats.data && (
            <Alert tone="warn" title="These numbers may be out of date">
              The server is not answering. The page updates as soon as it does.
            </Alert>
          )}
          {admin && <Views current={view} />}
          {view === 'lanes' && <Lanes />}
          {view === 'workers' && <Workers />}
          {view === 'schedules' && <Schedules />}
          {view === undefined && (
            <>
              <StateTiles stats={stats.data} />
              <div className="grid gap-4 lg:grid-cols-[1fr_288px]">
                <ChartCard stats={stats.data} />
                <DurationsCard stats={stats.data} />
              </div>
              <JobList search={search} selected={selected} onSelect={setSelected} admin={admin} />
            </>
          )}
        </div>
      </div>
      <Outlet />
    </>
  )
}

const CONNECTION_LABELS: Record<ConnectionState, string> = {
  live: 'Live',
  reconnecting: 'Reconnecting',
  paused: 'Paused',
}

function LiveChip({
  connection,
  paused,
  onToggle,
}: {
  connection: ConnectionState
  paused: boolean
  onToggle: () => void
}) {
  const Icon = paused ? Play : Pause
  return (
    <button
      type="button"
      aria-pressed={paused}
      aria-label={
        paused ? 'Updates are paused. Resume' : `${CONNECTION_LABELS[connection]}. Pause the updates`
      }
      onClick={onToggle}
      className="flex h-8 items-center gap-2 rounded-control border border-line-strong bg-surface px-3 text-sm font-medium hover:bg-surface-2"
    >
      <span
        aria-hidden
        className={cn(
          'size-2 rounded-full',
          connection === 'live'
            ? 'bg-ok'
            : connection === 'paused'
              ? 'bg-line-strong'
              : 'animate-pulse bg-warn',
        )}
      />
      {CONNECTION_LABELS[connection]}
      <Icon aria-hidden className="size-3.5 text-muted" />
    </button>
  )
}

const VIEWS: [View | undefined, string][] = [
  [undefined, 'Jobs'],
  ['lanes', 'Lanes'],
  ['workers', 'Workers'],
  ['schedules', 'Schedules'],
]

function Views({ current }: { current: View | undefined }) {
  return (
    <nav aria-label="Views of the jobs page" className={TAB_BAR_CLASS}>
      {VIEWS.map(([view, label]) => (
        <Link
          key={label}
          to="/jobs"
          search={view ? { view } : {}}
          aria-current={current === view ? 'page' : undefined}
          activeProps={{}}
          className={tabClass(current === view)}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
