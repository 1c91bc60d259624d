import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Download, Lightbulb, Plus, X } from 'lucide-react'
import { queries } from '@/api/queries'
import type { Finding, FindingMatch } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { SearchInput } from '@/components/ui/search-input'
import { toast } from '@/components/ui/toast'
import { useAsyncAction } from '@/lib/use-async-action'
import { AgentFilter } from './agent-filter'
import { downloadFindings } from './download-findings'
import { FindingRow } from './finding-row'
import { FindingSheet } from './finding-sheet'
import type { KnowledgeSearch } from './knowledge-search'
import { ResultCount } from './snippet'

const route = getRouteApi('/_app/knowledge')

export function Findings() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { q: query, tag, agent } = search
  const set = (next: Partial<KnowledgeSearch>) =>
    navigate({ to: '/knowledge', search: { ...search, ...next }, replace: true })
  return (
    <Card className="overflow-hidden">
      <div className="flex flex-wrap items-center gap-2 border-b p-3">
        <SearchInput
          label="Search your findings"
          className="min-w-52 flex-1"
          value={query ?? ''}
          onChange={(text) => set({ q: text || undefined })}
        />
        <AgentFilter
          all="All agents"
          value={agent ?? ''}
          onChange={(id) => set({ agent: id || undefined })}
        />
        {tag && (
          <Button aria-label={`Tag ${tag}: show all tags`} onClick={() => set({ tag: undefined })}>
            #{tag}
            <X aria-hidden />
          </Button>
        )}
        <div className="ml-auto flex gap-2">
          <ExportButton />
          <AddLink variant="primary" />
        </div>
      </div>
      {query ? (
        <SearchResults query={query} tag={tag} agentId={agent} />
      ) : (
        <AllFindings tag={tag} agentId={agent} />
      )}
      {search.open && (
        <FindingSheet
          key={search.open}
          id={search.open}
          onClose={() =>
            navigate({ to: '/knowledge', search: { ...search, open: undefined }, replace: true })
          }
        />
      )}
    </Card>
  )
}

function AddLink({ variant }: { variant: 'primary' | 'secondary' }) {
  const search = route.useSearch()
  return (
    <Link to="/knowledge" search={{ ...search, open: 'new' }} className={buttonClass(variant)}>
      <Plus aria-hidden />
      Add finding
    </Link>
  )
}

function ExportButton() {
  const { busy, runAction } = useAsyncAction()
  const run = () =>
    runAction(downloadFindings, (error) => toast.error('The findings were not exported', error))
  return (
    <Button busy={busy} onClick={run}>
      {!busy && <Download aria-hidden />}
      Export
    </Button>
  )
}

interface Filter {
  tag?: string
  agentId?: string
}

function AllFindings({ tag, agentId }: Filter) {
  const list = useInfiniteQuery(queries.findings({ tag, agentId }))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Findings" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && <NoFindings filtered={Boolean(tag || agentId)} />}
      <Rows items={items} />
      <LoadMore list={list} />
    </>
  )
}

function SearchResults({ query, tag, agentId }: Filter & { query: string }) {
  const found = useQuery({
    ...queries.findingSearch(query, { tags: tag ? [tag] : undefined, agentId }),
    placeholderData: (before) => before,
  })
  if (found.isPending) return <SkeletonRows rows={5} />
  if (!found.data) return <LoadError what="Findings" error={found.error} onRetry={() => found.refetch()} />
  const { items, mode, note } = found.data
  if (items.length === 0)
    return (
      <EmptyState icon={<Lightbulb aria-hidden />} title="Nothing found">
        No finding has these words{mode === 'hybrid' && ' or this meaning'}. Try fewer or other words.
        {note && ` ${note}`}
      </EmptyState>
    )
  return (
    <>
      <ResultCount count={items.length} mode={mode} note={note} />
      <Rows items={items} />
    </>
  )
}

function Rows({ items }: { items: (Finding | FindingMatch)[] }) {
  if (items.length === 0) return null
  return (
    <ul aria-label="Findings" className="divide-y">
      {items.map((finding) => (
        <FindingRow key={finding.id} finding={finding} />
      ))}
    </ul>
  )
}

function NoFindings({ filtered }: { filtered: boolean }) {
  if (filtered)
    return <EmptyState icon={<Lightbulb aria-hidden />} title="No finding matches these filters" />
  return (
    <EmptyState
      icon={<Lightbulb aria-hidden />}
      title="No findings yet"
      action={<AddLink variant="secondary" />}
    >
      Your agents save here what they found out and want to use again, and you can too. Ask one to “save this
      as a finding”.
    </EmptyState>
  )
}
