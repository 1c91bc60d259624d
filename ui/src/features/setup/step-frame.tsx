import { ArrowLeft } from 'lucide-react'
import { createContext, type FormEvent, type ReactNode, use, useEffect, useRef } from 'react'
import { Button } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'

/** Whether the user came from another step. The heading then takes the focus. */
export const FocusHeadingContext = createContext(false)

interface Props {
  title: string
  intro: ReactNode
  onBack?: () => void
  onSubmit: (event: FormEvent) => void
  errorText?: string | null
  /** The buttons to the next step. */
  actions: ReactNode
  children: ReactNode
}

export function StepFrame({ title, intro, onBack, onSubmit, errorText, actions, children }: Props) {
  const movesFocus = use(FocusHeadingContext)
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only on mount
  useEffect(() => {
    if (!movesFocus) return
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
