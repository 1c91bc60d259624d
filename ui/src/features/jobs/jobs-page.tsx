import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Outlet } from '@tanstack/react-router'
import { Pause, Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import { q } from '@/api/queries'
import { Alert } from '@/components/ui/feedback'
import { TAB_BAR, tabClass } from '@/components/ui/tabs'
import { TopBar } from '@/features/shell/top-bar'
import { cn } from '@/lib/cn'
import { ChartCard } from './chart-card'
import { JobList } from './job-list'
import { Lanes } from './lanes'
import { Schedules } from './schedules'
import type { View } from './search'
import { StateTiles } from './state-tiles'
import { TimesCard } from './times-card'
import { type Line, useLiveJobs } from './use-live-jobs'
import { Workers } from './workers'

const route = getRouteApi('/_app/jobs')

/** The board: what is done in the background, as it happens. */
export function JobsPage() {
  const search = route.useSearch()
  const { data: me } = useQuery(q.me)
  const stats = useQuery(q.jobStats)
  const [held, setHeld] = useState(false)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const line = useLiveJobs(held || selected.size > 0)
  const admin = me?.role === 'admin'
  const view = admin ? search.view : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list means another choice
  useEffect(() => setSelected(new Set()), [JSON.stringify(search)])
  return (
    <>
      <TopBar
        title="Jobs"
        note={admin ? 'Background work of everybody, without its content' : 'Background work for your agents'}
        actions={<LiveChip line={line} held={held} onToggle={() => setHeld(!held)} />}
      />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1248px] flex-col gap-4 px-4 py-5 md:px-6">
          {stats.isError && stats.data && (
            <Alert tone="warn" title="These numbers may be old">
              The server does not answer right now. The page goes on as soon as it does.
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
                <TimesCard stats={stats.data} />
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

const WORDS: Record<Line, string> = { live: 'Live', reconnecting: 'Reconnecting', paused: 'Paused' }

function LiveChip({ line, held, onToggle }: { line: Line; held: boolean; onToggle: () => void }) {
  const Icon = held ? Play : Pause
  return (
    <button
      type="button"
      aria-pressed={held}
      aria-label={held ? 'Updates are paused. Go on' : `${WORDS[line]}. Pause the updates`}
      onClick={onToggle}
      className="flex h-8 items-center gap-2 rounded-control border border-line-strong bg-surface px-3 text-sm font-medium hover:bg-surface-2"
    >
      <span
        aria-hidden
        className={cn(
          'size-2 rounded-full',
          line === 'live' ? 'bg-ok' : line === 'paused' ? 'bg-line-strong' : 'animate-pulse bg-warn',
        )}
      />
      {WORDS[line]}
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
    <nav aria-label="Parts of the board" className={TAB_BAR}>
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
