import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Brain, Plus } from 'lucide-react'
import { q } from '@/api/queries'
import type { Memory } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { SearchInput } from '@/components/ui/search-input'
import { ShowOlder } from '@/components/ui/show-older'
import { ago, date } from '@/lib/time'
import { AgentFilter } from './agent-filter'
import { MemorySheet } from './memory-sheet'
import { Line } from './open-link'
import type { KnowledgeSearch } from './search'
import { asText } from './value'

const route = getRouteApi('/_app/knowledge')

/** In the address: what belongs to no single agent. */
const SHARED = 'shared'

/** What each agent keeps in mind, under a name. */
export function Memories() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const agents = useQuery(q.agents)
  const first = agents.data && (agents.data.items[0]?.id ?? '')
  const agentId = search.agent === SHARED ? '' : (search.agent ?? first)
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
          label="Names that begin with"
          className="min-w-52 flex-1"
          value={search.q ?? ''}
          onChange={(text) => set({ q: text || undefined })}
        />
        <AgentFilter
          all="Shared by all agents"
          value={agentId ?? ''}
          onChange={(agent) => set({ agent: agent || SHARED })}
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
  const list = useInfiniteQuery(q.memory(agentId, prefix))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={4} />}
      {list.isError && !list.data && (
        <LoadError what="Memories" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <Empty
          icon={<Brain aria-hidden />}
          title={prefix ? 'No name begins like this' : 'Nothing remembered yet'}
        >
          {!prefix &&
            'What is to be known the next time is noted here, for example how you like to be addressed. Ask your agent to remember something.'}
        </Empty>
      )}
      {items.length > 0 && (
        <ul aria-label="Memory" className="divide-y">
          {items.map((memory) => (
            <Row key={memory.key} memory={memory} />
          ))}
        </ul>
      )}
      <ShowOlder list={list} label="Show more" />
    </>
  )
}

function Row({ memory }: { memory: Memory }) {
  return (
    <Line
      code
      open={memory.key}
      name={memory.key}
      aside={
        <>
          {ago(memory.updatedAt)}
          {memory.expiresAt && ` · kept until ${date(memory.expiresAt)}`}
        </>
      }
    >
      <p className="line-clamp-2 text-sm wrap-anywhere text-muted">{asText(memory.value)}</p>
    </Line>
  )
}
