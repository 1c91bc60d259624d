import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import type { Stage } from '@/api/types'
import { Spinner } from '@/components/ui/feedback'
import { cn } from '@/lib/cn'
import { useNow } from '@/lib/use-now'
import type { LiveTurn } from './turn-store'

const STEPS: { name: Stage; label: string }[] = [
  { name: 'queued', label: 'Waiting for a free slot' },
  { name: 'creating', label: 'Creating its container' },
  { name: 'booting', label: 'Starting up' },
  { name: 'loading', label: 'Loading personality and memory' },
]
const STAGE_ORDER: Stage[] = ['queued', 'creating', 'booting', 'loading', 'ready']

/** After this long a start gets an explanation. */
const SLOW_START_MS = 20_000

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
}

/** The steps of a container start with their times, shown before the first token. */
export function StartCard({ turn }: { turn: LiveTurn }) {
  const elapsed = useNow(100) - turn.acceptedAt
  const current = turn.stages.at(-1)
  const at = current ? STAGE_ORDER.indexOf(current.name) : 0
  const slow = elapsed > SLOW_START_MS
  return (
    <div className="max-w-[420px] animate-rise rounded-panel border bg-surface px-4 py-3.5 shadow-card">
      <p role="status" className="text-sm font-medium">
        {slow ? 'Still starting your agent' : 'Starting your agent'}
      </p>
      <p className="text-xs text-muted">{current?.note ?? explanation(turn, slow)}</p>
      <ol className="mt-2.5 flex flex-col gap-1.5">
        {STEPS.map((step, position) => (
          <li key={step.name} className="flex items-center gap-2.5 text-sm">
            <span aria-hidden className="flex size-4 items-center justify-center">
              {position < at && <Check className="size-4 text-ok" />}
              {position === at && <Spinner />}
              {position > at && <span className="size-1.5 rounded-full bg-line-strong" />}
            </span>
            <span className={cn('flex-1', position > at && 'text-muted')}>
              {step.label}
              <span className="sr-only">
                {position < at ? ': done' : position === at ? ': in progress' : ''}
              </span>
            </span>
            <span aria-hidden className="tnum text-xs text-muted">
              {timeOf(turn, step.name, elapsed)}
            </span>
          </li>
        ))}
      </ol>
      {slow && (
        <p className="mt-2.5 text-xs text-muted">
          Your message is saved and will be answered.{' '}
          <Link to="/jobs" className="font-medium text-accent hover:underline">
            Show the details
          </Link>
        </p>
      )}
    </div>
  )
}

function explanation(turn: LiveTurn, slow: boolean): string {
  const current = turn.stages.at(-1)
  if (current?.name === 'queued' && current.ahead)
    return current.ahead === 1
      ? 'One start is ahead of yours.'
      : `${current.ahead} starts are ahead of yours.`
  if (slow) return 'It takes longer than usual. The server may be busy.'
  if (current?.usualMs && current.usualMs >= 1000)
    return `It was asleep. This step usually takes ${seconds(current.usualMs)}.`
  return 'It was asleep. This usually takes a few seconds.'
}

function timeOf(turn: LiveTurn, name: Stage, elapsed: number): string {
  const at = turn.stages.findIndex((stage) => stage.name === name)
  const stage = turn.stages[at]
  if (!stage) return ''
  const end = turn.stages[at + 1]?.from ?? elapsed
  return seconds(end - stage.from)
}
