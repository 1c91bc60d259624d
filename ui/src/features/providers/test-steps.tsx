import { Check, CircleX, Minus } from 'lucide-react'
import type { StepReport, TestStep } from '@/api/types'
import { Spinner } from '@/components/ui/feedback'
import { cn } from '@/lib/cn'
import { formatDuration } from '@/lib/time'
import { explain } from './explain'

export const STEP_LABELS: Record<TestStep, string> = {
  reach: 'Reach the server',
  key: 'Check the key',
  model: 'Find the model',
  answer: 'Get an answer',
}
export const STEPS = Object.keys(STEP_LABELS) as TestStep[]

export type TestRun = { state: 'running' | 'passed' | 'failed'; steps: StepReport[]; errorText?: string }

const RUN_TITLES = {
  running: 'Testing the connection',
  passed: 'The connection works',
  failed: 'The connection failed',
}

/** The steps of a connection test, live. */
export function TestSteps({ run }: { run: TestRun }) {
  return (
    <section
      aria-label="Connection test"
      className={cn(
        'rounded-panel border px-4 py-3.5',
        run.state === 'failed' && 'border-bad-line bg-bad-soft',
        run.state === 'passed' && 'bg-ok-soft',
        run.state === 'running' && 'bg-surface-2',
      )}
    >
      <p role="status" className="text-sm font-medium">
        {RUN_TITLES[run.state]}
      </p>
      <ol className="mt-2.5 flex flex-col gap-2">
        {run.steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </ol>
      {run.errorText && <p className="mt-2 text-sm">{run.errorText}</p>}
    </section>
  )
}

const STATUS_LABELS = {
  running: 'in progress',
  passed: 'passed',
  skipped: 'skipped',
  failed: 'failed',
  not_run: 'not started',
}

function Step({ step }: { step: StepReport }) {
  const waiting = step.status === 'not_run'
  return (
    <li className="flex gap-2.5 text-sm">
      <span className="flex h-5 w-4 shrink-0 items-center justify-center">
        <StatusIcon status={step.status} />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap justify-between gap-x-4">
          <span className={cn(waiting && 'text-muted')}>
            {STEP_LABELS[step.step]}
            <span className="sr-only">: {STATUS_LABELS[step.status]}</span>
          </span>
          {step.elapsedMs > 0 && (
            <span className="tnum text-xs text-muted">{formatDuration(step.elapsedMs)}</span>
          )}
        </div>
        {step.note && <p className="text-xs text-muted">{step.note}</p>}
        {step.failure && <p className="text-sm">{explain(step.failure)}</p>}
        {step.failure?.providerSays && (
          <p className="mt-1 text-xs text-muted">The provider says: “{step.failure.providerSays}”</p>
        )}
      </div>
    </li>
  )
}

function StatusIcon({ status }: { status: StepReport['status'] }) {
  if (status === 'running') return <Spinner />
  if (status === 'passed') return <Check aria-hidden className="size-4 text-ok" />
  if (status === 'failed') return <CircleX aria-hidden className="size-4 text-bad" />
  if (status === 'skipped') return <Minus aria-hidden className="size-4 text-muted" />
  return <span aria-hidden className="size-1.5 rounded-full bg-line-strong" />
}
