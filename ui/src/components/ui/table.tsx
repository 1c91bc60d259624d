import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

export function TableHeaderRow({ className, ...rest }: ComponentProps<'tr'>) {
  return (
    <tr
      className={cn(
        'border-b bg-surface-2 text-left text-muted [&>th]:px-3 [&>th]:py-2 [&>th]:font-medium',
        className,
      )}
      {...rest}
    />
  )
}
