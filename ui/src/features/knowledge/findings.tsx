import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Download, Lightbulb, Plus, X } from 'lucide-react'
import { q } from '@/api/queries'
import type { Finding, FoundFinding } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { SearchInput } from '@/components/ui/search-input'
import { ShowOlder } from '@/components/ui/show-older'
import { toast } from '@/components/ui/toast'
import { useAttempt } from '@/lib/use-attempt'
import { AgentFilter } from './agent-filter'
import { downloadFindings } from './download-findings'
import { FindingRow } from './finding-row'
import { FindingSheet } from './finding-sheet'
import type { KnowledgeSearch } from './search'
import { Tally } from './snippet'

const route = getRouteApi('/_app/knowledge')

/** What agents and their person found worth keeping. */
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
          <Export />
          <Add look="primary" />
        </div>
      </div>
      {query ? <Found query={query} tag={tag} agentId={agent} /> : <All tag={tag} agentId={agent} />}
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

function Add({ look }: { look: 'primary' | 'secondary' }) {
  const search = route.useSearch()
  return (
    <Link to="/knowledge" search={{ ...search, open: 'new' }} className={buttonClass(look)}>
      <Plus aria-hidden />
      Add finding
    </Link>
  )
}

function Export() {
  const { busy, attempt } = useAttempt()
  const run = () =>
    attempt(downloadFindings, (error) => toast.failed('The findings were not exported', error))
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

function All({ tag, agentId }: Filter) {
  const list = useInfiniteQuery(q.findings({ tag, agentId }))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Findings" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && <None filtered={Boolean(tag || agentId)} />}
      <Rows items={items} />
      <ShowOlder list={list} />
    </>
  )
}

function Found({ query, tag, agentId }: Filter & { query: string }) {
  const found = useQuery({
    ...q.foundFindings(query, { tags: tag ? [tag] : undefined, agentId }),
    placeholderData: (before) => before,
  })
  if (found.isPending) return <SkeletonRows rows={5} />
  if (!found.data) return <LoadError what="Findings" error={found.error} onRetry={() => found.refetch()} />
  const { items, mode, note } = found.data
  if (items.length === 0)
    return (
      <Empty icon={<Lightbulb aria-hidden />} title="Nothing found">
        No finding has these words{mode === 'hybrid' && ' or this meaning'}. Try fewer or other words.
        {note && ` ${note}`}
      </Empty>
    )
  return (
    <>
      <Tally count={items.length} mode={mode} note={note} />
      <Rows items={items} />
    </>
  )
}

function Rows({ items }: { items: (Finding | FoundFinding)[] }) {
  if (items.length === 0) return null
  return (
    <ul aria-label="Findings" className="divide-y">
      {items.map((finding) => (
        <FindingRow key={finding.id} finding={finding} />
      ))}
    </ul>
  )
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty icon={<Lightbulb aria-hidden />} title="No finding fits this choice" />
  return (
    <Empty icon={<Lightbulb aria-hidden />} title="No findings yet" action={<Add look="secondary" />}>
      Your agents save here what they found out and want to use again, and so can you. Ask one to “save this
      as a finding”.
    </Empty>
  )
}
