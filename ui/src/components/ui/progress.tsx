import { cn } from '@/lib/cn'

interface Props {
  label: string
  /** 0 to 1; `null` while the total is unknown. */
  value: number | null
  tone?: 'accent' | 'warn'
}

export function Progress({ label, value, tone = 'accent' }: Props) {
  const share = value === null ? null : Math.min(1, Math.max(0, value))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className="h-2 overflow-hidden rounded-full bg-surface-3"
    >
      <div
        className={cn(
          'h-full rounded-full transition-[width] duration-200',
          tone === 'warn' ? 'bg-warn' : 'bg-accent',
          share === null && 'animate-pulse',
        )}
        style={{ width: share === null ? '40%' : `${share * 100}%` }}
      />
    </div>
  )
}
