import { textParam } from '@/lib/search-params'

export const TABS = ['findings', 'memory', 'conversations'] as const
export type Tab = (typeof TABS)[number]

/** What the address says of the page. The first tab is not named in it. */
export interface KnowledgeSearch {
  tab?: Exclude<Tab, 'findings'>
  q?: string
  tag?: string
  agent?: string
  /** What the sheet shows: an id, a key of memory, or `new`. */
  open?: string
  /** The message of a conversation to show first. */
  at?: string
}

export function parseSearch(search: Record<string, unknown>): KnowledgeSearch {
  return {
    tab: search.tab === 'memory' || search.tab === 'conversations' ? search.tab : undefined,
    q: textParam(search.q),
    tag: textParam(search.tag),
    agent: textParam(search.agent),
    open: textParam(search.open),
    at: textParam(search.at),
  }
}
