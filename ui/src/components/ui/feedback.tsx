import { CircleAlert, CircleFadingArrowUp, Info, LoaderCircle, TriangleAlert } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { errorMessage, isStatus } from '@/api/client'
import { cn } from '@/lib/cn'
import { Button } from './button'

const TONES = {
  neutral: 'bg-surface-2 text-muted',
  accent: 'bg-accent-soft text-accent',
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}
export type Tone = keyof typeof TONES

/** Always contains a word: colour alone must not carry the meaning. */
export function Badge({ tone = 'neutral', className, ...rest }: ComponentProps<'span'> & { tone?: Tone }) {
  return (
    <span
      className={cn(
        'inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium whitespace-nowrap [&>svg]:size-3.5',
        TONES[tone],
        className,
      )}
      {...rest}
    />
  )
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('animate-pulse rounded-chip bg-surface-3', className)} />
}

/** The placeholder of a list that is loading. */
export function SkeletonRows({ rows = 4, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" className={cn('divide-y', className)}>
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same and never change places
        <div key={row} className="flex items-center gap-4 px-4 py-4">
          <Skeleton className="h-3.5 w-40 max-w-[40%]" />
          <Skeleton className="ml-auto h-3.5 w-24 max-w-[25%]" />
        </div>
      ))}
    </div>
  )
}

export function Spinner({ className }: { className?: string }) {
  return <LoaderCircle aria-hidden className={cn('size-4 animate-spin text-accent', className)} />
}

const ALERTS = {
  bad: { Icon: CircleAlert, box: 'border-bad-line bg-bad-soft', icon: 'text-bad' },
  warn: { Icon: TriangleAlert, box: 'border-line-strong bg-warn-soft', icon: 'text-warn' },
  info: { Icon: Info, box: 'bg-surface-2', icon: 'text-muted' },
}

interface AlertProps {
  tone?: keyof typeof ALERTS
  title?: ReactNode
  children?: ReactNode
  actions?: ReactNode
  className?: string
}

export function Alert({ tone = 'bad', title, children, actions, className }: AlertProps) {
  const { Icon, box, icon } = ALERTS[tone]
  return (
    <div
      role={tone === 'bad' ? 'alert' : undefined}
      className={cn('flex gap-3 rounded-panel border px-3.5 py-3', box, className)}
    >
      <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', icon)} />
      <div className="min-w-0 flex-1 text-sm">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="text-fg/85">{children}</div>}
        {actions && <div className="mt-2.5 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  )
}

/** A list that could not be loaded. */
export function LoadError({ what, error, onRetry }: { what: string; error: unknown; onRetry: () => void }) {
  // During a rolling update an older replica may not know the route yet.
  if (isStatus(error, 404))
    return (
      <EmptyState
        icon={<CircleFadingArrowUp aria-hidden />}
        title="Not available on this server yet"
        action={<Button onClick={onRetry}>Try again</Button>}
      >
        This needs a newer version of Mosaic. Update the server, then open this page again.
      </EmptyState>
    )
  return (
    <div className="p-4">
      <Alert
        title={`${what} could not be loaded.`}
        actions={
          <Button size="sm" onClick={onRetry}>
            Try again
          </Button>
        }
      >
        {errorMessage(error)}
      </Alert>
    </div>
  )
}

interface EmptyProps {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}

export function EmptyState({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      {icon && (
        <div className="mb-3 flex size-10 items-center justify-center rounded-panel border bg-surface text-muted shadow-card [&>svg]:size-5">
          {icon}
        </div>
      )}
      <p className="font-medium">{title}</p>
      {children && <p className="mt-1 max-w-sm text-sm text-muted">{children}</p>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  )
}
