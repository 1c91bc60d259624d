import { Check } from 'lucide-react'
import { Logo } from '@/features/shell/logo'
import { cn } from '@/lib/cn'

export type StepName = 'admin' | 'oidc' | 'provider' | 'agent' | 'done'

const STEPS: { name: StepName; label: string }[] = [
  { name: 'admin', label: 'Admin account' },
  { name: 'oidc', label: 'Single sign-on' },
  { name: 'provider', label: 'Model provider' },
  { name: 'agent', label: 'First agent' },
]
const STEP_ORDER: StepName[] = ['admin', 'oidc', 'provider', 'agent', 'done']

/** The progress of the setup. On the left, or at the top on narrow screens. */
export function StepList({ current, ssoSkipped }: { current: StepName; ssoSkipped: boolean }) {
  const at = STEP_ORDER.indexOf(current)
  return (
    <aside className="flex shrink-0 flex-col border-b bg-sidebar px-5 py-4 md:sticky md:top-0 md:h-dvh md:w-80 md:border-r md:border-b-0 md:px-8 md:py-8">
      <div className="flex items-center gap-2.5 text-base font-semibold">
        <Logo />
        Mosaic
        <span className="tnum ml-auto text-xs font-normal text-muted md:hidden">
          {current === 'done' ? 'All done' : `Step ${at + 1} of ${STEPS.length}`}
        </span>
      </div>
      <ol className="mt-4 flex gap-1.5 md:mt-12 md:flex-col md:gap-0" aria-label="Steps of the setup">
        {STEPS.map((step, position) => (
          <Step
            key={step.name}
            label={step.label}
            number={position + 1}
            state={position < at ? 'done' : position === at ? 'current' : 'open'}
            note={step.name === 'oidc' && position < at && ssoSkipped ? 'Skipped' : undefined}
            last={position === STEPS.length - 1}
          />
        ))}
      </ol>
      <p className="mt-auto hidden pt-10 text-xs text-muted md:block">
        The setup runs only once. Afterwards everything can be changed in the settings.
      </p>
    </aside>
  )
}

interface StepProps {
  label: string
  number: number
  state: 'done' | 'current' | 'open'
  note?: string
  last: boolean
}

function Step({ label, number, state, note, last }: StepProps) {
  return (
    <li
      aria-current={state === 'current' ? 'step' : undefined}
      className="flex-1 md:flex md:min-h-14 md:gap-3.5"
    >
      <div className={cn('h-1 rounded-full md:hidden', state === 'open' ? 'bg-surface-3' : 'bg-accent')} />
      <div className="hidden flex-col items-center md:flex">
        <span
          className={cn(
            'tnum flex size-6 items-center justify-center rounded-full text-xs font-medium',
            state === 'done' && 'bg-accent text-primary-fg',
            state === 'current' && 'bg-primary text-primary-fg',
            state === 'open' && 'border border-line-strong text-muted',
          )}
        >
          {state === 'done' ? <Check aria-hidden className="size-3.5" /> : number}
        </span>
        {!last && (
          <span
            aria-hidden
            className={cn('my-1 w-px flex-1', state === 'done' ? 'bg-accent' : 'bg-line-strong')}
          />
        )}
      </div>
      <div className="max-md:sr-only">
        <p className={cn('text-sm leading-6', state === 'current' ? 'font-medium' : 'text-muted')}>
          {label}
          {state === 'done' && <span className="sr-only"> (done)</span>}
        </p>
        {note && <p className="text-xs text-muted">{note}</p>}
      </div>
    </li>
  )
}
