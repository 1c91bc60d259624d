import { textParam } from '@/lib/search-params'

export const TABS = ['findings', 'memory', 'conversations'] as const
export type Tab = (typeof TABS)[number]

/** The search parameters of the knowledge page. The first tab is the default. */
export interface KnowledgeSearch {
  tab?: Exclude<Tab, 'findings'>
  q?: string
  tag?: string
  agent?: string
  /** The entry in the sheet: an id, a memory key, or `new`. */
  open?: string
  /** The message of a conversation to scroll to. */
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
