import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cn } from '@/lib/cn'
import type { KnowledgeSearch } from './search'

const route = getRouteApi('/_app/knowledge')

interface OpenLink {
  /** What is opened beside the list. */
  open: string
  /** Where in it. */
  at?: string
  className?: string
  children: ReactNode
}

/** The name of a row, which opens it wherever in the row one clicks. */
export function OpenLink({ open, at, className, children }: OpenLink) {
  const search: KnowledgeSearch = route.useSearch()
  return (
    <Link
      to="/knowledge"
      search={{ ...search, open, at }}
      className={cn("font-medium wrap-anywhere after:absolute after:inset-0 after:content-['']", className)}
    >
      {children}
    </Link>
  )
}

interface Line {
  open: string
  name: string
  /** In the letters of keys. */
  code?: boolean
  /** Below the name. */
  children: ReactNode
  /** At the right. */
  aside: ReactNode
}

/** A row of a list: its name, a line below, and how old it is. */
export function Line({ open, name, code, children, aside }: Line) {
  return (
    <li className="relative flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-5 py-3 hover:bg-surface-2">
      <div className="min-w-0 flex-1 basis-64">
        <OpenLink open={open} className={code ? 'font-mono text-sm' : undefined}>
          {name}
        </OpenLink>
        {children}
      </div>
      <p className="tnum shrink-0 text-xs text-muted">{aside}</p>
    </li>
  )
}
