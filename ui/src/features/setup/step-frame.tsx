import { ArrowLeft } from 'lucide-react'
import { createContext, type FormEvent, type ReactNode, use, useEffect, useRef } from 'react'
import { Button } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'

/** Whether somebody came here from another step: then the focus comes along. */
export const MovesFocus = createContext(false)

interface Props {
  title: string
  intro: ReactNode
  onBack?: () => void
  onSubmit: (event: FormEvent) => void
  errorText?: string | null
  /** The buttons that go on. */
  actions: ReactNode
  children: ReactNode
}

/** One step of the setup: what it is about, its fields, and the way on. */
export function StepFrame({ title, intro, onBack, onSubmit, errorText, actions, children }: Props) {
  const movedOn = use(MovesFocus)
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the arrival moves the focus
  useEffect(() => {
    if (!movedOn) return
    heading.current?.focus()
    scrollTo(0, 0)
  }, [])
  return (
    <form noValidate onSubmit={onSubmit}>
      <h1 ref={heading} tabIndex={-1} className="text-2xl">
        {title}
      </h1>
      <p className="mt-1.5 text-muted">{intro}</p>
      <div className="mt-7 flex flex-col gap-5">{children}</div>
      {errorText && (
        <Alert className="mt-5" title="This did not work">
          {errorText}
        </Alert>
      )}
      <div className="mt-7 flex flex-wrap items-center justify-end gap-2 border-t pt-5">
        {onBack && (
          <Button variant="ghost" className="mr-auto -ml-2" onClick={onBack}>
            <ArrowLeft aria-hidden />
            Back
          </Button>
        )}
        {actions}
      </div>
    </form>
  )
}
