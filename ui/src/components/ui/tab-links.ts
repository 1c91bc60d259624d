import { cn } from '@/lib/cn'

/** Class names for links that switch between the parts of a page. */
export const TAB_BAR_CLASS = 'hairline flex gap-1 overflow-x-auto border-b'

export function tabClass(current: boolean): string {
  return cn(
    '-mb-px flex h-9 shrink-0 items-center border-b-2 border-transparent px-3 text-sm font-medium text-muted hover:text-fg',
    current && 'border-fg text-fg',
  )
}
