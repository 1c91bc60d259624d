import type { ComponentProps, ReactNode } from 'react'
import { cn } from '@/lib/cn'

export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section className={cn('rounded-card border bg-surface shadow-card', className)} {...rest} />
}

interface CardHeaderProps {
  title: string
  children?: ReactNode
  actions?: ReactNode
}

export function CardHeader({ title, children, actions }: CardHeaderProps) {
  return (
    <div className="flex items-start justify-between gap-x-4 gap-y-3 border-b px-5 py-4 max-sm:flex-wrap">
      <div className="min-w-0 max-w-xl max-sm:basis-52 max-sm:grow">
        <h2 className="text-md leading-6">{title}</h2>
        {children && <p className="text-sm text-muted">{children}</p>}
      </div>
      {actions && <div className="shrink-0">{actions}</div>}
    </div>
  )
}

/** A list of names and values. */
export function DescriptionList({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[minmax(96px,max-content)_1fr] gap-x-6 gap-y-2 text-sm">
      {items.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
