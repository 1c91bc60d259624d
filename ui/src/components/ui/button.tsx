import { LoaderCircle } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from '@/lib/cn'

const VARIANTS = {
  primary: 'bg-primary text-primary-fg hover:bg-primary-hover disabled:opacity-50',
  secondary: 'border border-line-strong bg-surface text-fg hover:bg-surface-2 disabled:text-subtle',
  ghost: 'text-muted hover:bg-surface-2 hover:text-fg disabled:opacity-50',
  danger: 'border border-line-strong bg-surface text-bad hover:bg-bad-soft disabled:opacity-50',
}
const SIZES = {
  sm: 'h-7 gap-1.5 px-2.5 text-xs',
  md: 'h-8 gap-2 px-3 text-sm',
  lg: 'h-9 gap-2 px-3.5 text-sm',
}

export type ButtonVariant = keyof typeof VARIANTS

export function buttonClass(
  variant: ButtonVariant = 'secondary',
  size: keyof typeof SIZES = 'lg',
  className?: string,
) {
  return cn(
    'inline-flex shrink-0 items-center justify-center whitespace-nowrap rounded-control font-medium transition-colors duration-100',
    '[&>svg]:size-4 [&>svg]:shrink-0',
    VARIANTS[variant],
    SIZES[size],
    className,
  )
}

interface Props extends ComponentProps<'button'> {
  variant?: ButtonVariant
  size?: keyof typeof SIZES
  /** Shows a spinner and disables the button. */
  busy?: boolean
}

export function Button({ variant, size, busy = false, className, children, disabled, ...rest }: Props) {
  return (
    <button
      type="button"
      className={buttonClass(variant, size, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden className="animate-spin" />}
      {children}
    </button>
  )
}

/** A button that shows only an icon; `label` is its accessible name. */
export function IconButton({
  label,
  className,
  children,
  ...rest
}: Omit<ComponentProps<'button'>, 'aria-label'> & { label: string; children?: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cn(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-control text-muted transition-colors duration-100',
        'hover:bg-surface-2 hover:text-fg disabled:opacity-40 [&>svg]:size-4',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  )
}
