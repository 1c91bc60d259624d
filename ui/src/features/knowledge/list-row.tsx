import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cn } from '@/lib/cn'
import type { KnowledgeSearch } from './knowledge-search'

const route = getRouteApi('/_app/knowledge')

interface OpenLinkProps {
  /** The id or key of the entry. */
  open: string
  /** The message to scroll to. */
  at?: string
  className?: string
  children: ReactNode
}

/** The link of a row; its click area is the whole row. */
export function OpenLink({ open, at, className, children }: OpenLinkProps) {
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

interface ListRowProps {
  open: string
  name: string
  /** Shows the name in a monospaced font. */
  code?: boolean
  /** Below the name. */
  children: ReactNode
  aside: ReactNode
}

export function ListRow({ open, name, code, children, aside }: ListRowProps) {
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
