import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Brain, Plus } from 'lucide-react'
import { queries } from '@/api/queries'
import type { Memory } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { SearchInput } from '@/components/ui/search-input'
import { formatDate, timeAgo } from '@/lib/time'
import { AgentFilter } from './agent-filter'
import type { KnowledgeSearch } from './knowledge-search'
import { ListRow } from './list-row'
import { MemorySheet } from './memory-sheet'
import { asText } from './memory-value'

const route = getRouteApi('/_app/knowledge')

/** The `agent` search parameter for entries shared by all agents. */
const SHARED_PARAM = 'shared'

/** The memory entries of an agent. */
export function Memories() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const agents = useQuery(queries.agents)
  const first = agents.data && (agents.data.items[0]?.id ?? '')
  const agentId = search.agent === SHARED_PARAM ? '' : (search.agent ?? first)
  const set = (next: Partial<KnowledgeSearch>) =>
    navigate({ to: '/knowledge', search: { ...search, ...next }, replace: true })
  const add = (
    <Link to="/knowledge" search={{ ...search, open: 'new' }} className={buttonClass('primary')}>
      <Plus aria-hidden />
      Add entry
    </Link>
  )
  return (
    <Card className="overflow-hidden">
      <div className="flex flex-wrap items-center gap-2 border-b p-3">
        <SearchInput
          label="Names that start with"
          className="min-w-52 flex-1"
          value={search.q ?? ''}
          onChange={(text) => set({ q: text || undefined })}
        />
        <AgentFilter
          all="Shared by all agents"
          value={agentId ?? ''}
          onChange={(agent) => set({ agent: agent || SHARED_PARAM })}
        />
        <div className="ml-auto">{add}</div>
      </div>
      {agents.isPending && <SkeletonRows rows={4} />}
      {agents.isError && !agents.data && (
        <LoadError what="Your agents" error={agents.error} onRetry={() => agents.refetch()} />
      )}
      {agentId !== undefined && <List agentId={agentId} prefix={search.q ?? ''} />}
      {agentId !== undefined && search.open && (
        <MemorySheet
          key={`${agentId} ${search.open}`}
          agentId={agentId}
          name={search.open}
          onClose={() => set({ open: undefined })}
        />
      )}
    </Card>
  )
}

function List({ agentId, prefix }: { agentId: string; prefix: string }) {
  const list = useInfiniteQuery(queries.memory(agentId, prefix))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={4} />}
      {list.isError && !list.data && (
        <LoadError what="Memories" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <EmptyState
          icon={<Brain aria-hidden />}
          title={prefix ? 'No name starts with this' : 'Nothing remembered yet'}
        >
          {!prefix &&
            'Your agents note here what they should know next time, for example how you like to be addressed. Ask your agent to remember something.'}
        </EmptyState>
      )}
      {items.length > 0 && (
        <ul aria-label="Memory" className="divide-y">
          {items.map((memory) => (
            <Row key={memory.key} memory={memory} />
          ))}
        </ul>
      )}
      <LoadMore list={list} label="Show more" />
    </>
  )
}

function Row({ memory }: { memory: Memory }) {
  return (
    <ListRow
      code
      open={memory.key}
      name={memory.key}
      aside={
        <>
          {timeAgo(memory.updatedAt)}
          {memory.expiresAt && ` · expires ${formatDate(memory.expiresAt)}`}
        </>
      }
    >
      <p className="line-clamp-2 text-sm wrap-anywhere text-muted">{asText(memory.value)}</p>
    </ListRow>
  )
}
