import type { JobDetail } from '@/api/types'
import { formatDuration } from '@/lib/time'
import { useNow } from '@/lib/use-now'

const PHASE_LABELS: Record<string, string> = {
  queued: 'Waited',
  claimed: 'Claimed by a worker',
  image: 'Image',
  network: 'Network',
  create: 'Create it',
  boot: 'Start it up',
  load: 'Load the agents',
  stop: 'Stop it',
  remove: 'Remove it',
  loading: 'Loading',
  ready: 'Answer',
  reach: 'Reach the server',
  key: 'Check the key',
  model: 'Find the model',
  answer: 'Get an answer',
}

interface Bar {
  id: string
  name: string
  from: number
  to: number
  open: boolean
}

const time = (iso: string) => new Date(iso).getTime()

/**
 * The attempt to show: the running one, or after the end the longest. A job that was requested again while it ran has a
 * further attempt, which usually finds nothing to do.
 */
function attemptToShow(job: JobDetail): number {
  if (!job.finishedAt) return job.attempt
  const took = (attempt: number) => {
    const phases = job.phases.filter((phase) => phase.attempt === attempt)
    const ends = phases.map((phase) => time(phase.finishedAt ?? phase.startedAt))
    return Math.max(0, ...ends) - Math.min(...phases.map((phase) => time(phase.startedAt)))
  }
  const attempts = job.phases.map((phase) => phase.attempt)
  return attempts.reduce((best, attempt) => (took(attempt) > took(best) ? attempt : best), job.attempt)
}

/** The wait before an attempt, and its phases. */
export function bars(job: JobDetail, now: number): Bar[] {
  const end = job.finishedAt ? time(job.finishedAt) : now
  const attempt = attemptToShow(job)
  const phases = job.phases.filter((phase) => phase.attempt === attempt)
  const claimedAt = (attempt === job.attempt ? job.startedAt : null) ?? phases[0]?.startedAt
  const startedAt = claimedAt ? time(claimedAt) : null
  const created = time(job.createdAt)
  const waited: Bar = {
    id: 'queued',
    name: 'queued',
    from: created,
    to: startedAt ?? end,
    open: startedAt === null,
  }
  return [
    waited,
    ...phases.map((phase, at) => ({
      id: `${phase.name} ${at}`,
      name: phase.name,
      from: time(phase.startedAt),
      to: phase.finishedAt ? time(phase.finishedAt) : end,
      open: !phase.finishedAt && !job.finishedAt,
    })),
  ]
}

export function Waterfall({ job }: { job: JobDetail }) {
  const now = useNow(job.finishedAt ? null : 500)
  const all = bars(job, now)
  const first = Math.min(...all.map((bar) => bar.from))
  const total = Math.max(1, Math.max(...all.map((bar) => bar.to)) - first)
  return (
    <section aria-label="Phases">
      <h3 className="text-sm font-medium">Where the time went</h3>
      <ol className="mt-2.5 flex flex-col gap-1.5">
        {all.map((bar) => {
          const length = Math.max(0, bar.to - bar.from)
          return (
            <li key={bar.id} className="grid grid-cols-[116px_1fr_64px] items-center gap-3 text-xs">
              <span className="truncate">{PHASE_LABELS[bar.name] ?? bar.name}</span>
              <span aria-hidden className="relative h-2 rounded-full bg-surface-2">
                <span
                  className={`absolute inset-y-0 min-w-1 rounded-full ${bar.name === 'queued' ? 'bg-line-strong' : bar.open ? 'animate-pulse bg-accent' : 'bg-accent'}`}
                  style={{
                    left: `${((bar.from - first) / total) * 100}%`,
                    width: `${(length / total) * 100}%`,
                  }}
                />
              </span>
              <span className="tnum text-right text-muted">{formatDuration(length)}</span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
