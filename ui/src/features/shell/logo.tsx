import { cn } from '@/lib/cn'

export function Logo({ className }: { className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={cn('size-6 shrink-0', className)}>
      <rect width="32" height="32" rx="8" className="fill-primary" />
      <g className="fill-primary-fg">
        <rect x="7.5" y="7.5" width="7.5" height="7.5" rx="2" />
        <rect x="17" y="7.5" width="7.5" height="7.5" rx="2" opacity=".55" />
        <rect x="7.5" y="17" width="7.5" height="7.5" rx="2" opacity=".55" />
        <rect x="17" y="17" width="7.5" height="7.5" rx="3.75" />
      </g>
    </svg>
  )
}
