import { cn } from '@/lib/cn'

/** Links that show one part of a page or another. */
export const TAB_BAR = 'hairline flex gap-1 overflow-x-auto border-b'

export function tabClass(current: boolean): string {
  return cn(
    '-mb-px flex h-9 shrink-0 items-center border-b-2 border-transparent px-3 text-sm font-medium text-muted hover:text-fg',
    current && 'border-fg text-fg',
  )
}
