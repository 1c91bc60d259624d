import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { MessagesSquare, Upload } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Conversation, MessageMatch } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { SearchInput } from '@/components/ui/search-input'
import { timeAgo } from '@/lib/time'
import { AgentFilter, useAgentName } from './agent-filter'
import { ConversationSheet } from './conversation-sheet'
import { ImportDialog } from './import-dialog'
import type { KnowledgeSearch } from './knowledge-search'
import { ListRow, OpenLink } from './list-row'
import { ROLE_LABELS } from './roles'
import { ResultCount, Snippet } from './snippet'

const route = getRouteApi('/_app/knowledge')

/** Archived conversations with their tool calls, from Mosaic's chats and from imports. */
export function Conversations() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const [importing, setImporting] = useState(false)
  const set = (next: Partial<KnowledgeSearch>) =>
    navigate({ to: '/knowledge', search: { ...search, ...next }, replace: true })
  return (
    <Card className="overflow-hidden">
      <div className="flex flex-wrap items-center gap-2 border-b p-3">
        <SearchInput
          label="Search conversations"
          className="min-w-52 flex-1"
          value={search.q ?? ''}
          onChange={(text) => set({ q: text || undefined })}
        />
        <AgentFilter
          all="All agents"
          value={search.agent ?? ''}
          onChange={(id) => set({ agent: id || undefined })}
        />
        <Button className="ml-auto" onClick={() => setImporting(true)}>
          <Upload aria-hidden />
          Import
        </Button>
      </div>
      {search.q ? (
        <SearchResults query={search.q} agentId={search.agent} />
      ) : (
        <AllConversations agentId={search.agent} />
      )}
      {search.open && (
        <ConversationSheet
          key={search.open}
          id={search.open}
          at={search.at}
          onClose={() => set({ open: undefined, at: undefined })}
        />
      )}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
    </Card>
  )
}

function AllConversations({ agentId }: { agentId?: string }) {
  const list = useInfiniteQuery(queries.conversations({ agentId }))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Conversations" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <EmptyState icon={<MessagesSquare aria-hidden />} title="No conversations yet">
          Every chat appears here a few seconds after its answer, with what the tools did, and your agents can
          look things up in it. Session logs of another OpenClaw can be imported.
        </EmptyState>
      )}
      {items.length > 0 && (
        <ul aria-label="Conversations" className="divide-y">
          {items.map((conversation) => (
            <Row key={conversation.id} conversation={conversation} />
          ))}
        </ul>
      )}
      <LoadMore list={list} />
    </>
  )
}

function Row({ conversation }: { conversation: Conversation }) {
  const agentName = useAgentName()
  const agent = agentName(conversation.agentId)
  return (
    <ListRow
      open={conversation.id}
      name={conversation.title || 'Untitled'}
      aside={timeAgo(conversation.lastAt)}
    >
      <p className="tnum text-xs text-muted">
        {conversation.messages === 1 ? 'One message' : `${conversation.messages} messages`}
        {agent && ` · with ${agent}`}
        {!conversation.chatId && ' · imported'}
      </p>
    </ListRow>
  )
}

function SearchResults({ query, agentId }: { query: string; agentId?: string }) {
  const found = useQuery({
    ...queries.messageSearch(query, { agentId }),
    placeholderData: (before) => before,
  })
  if (found.isPending) return <SkeletonRows rows={5} />
  if (!found.data)
    return <LoadError what="Conversations" error={found.error} onRetry={() => found.refetch()} />
  const { items, mode, note } = found.data
  if (items.length === 0)
    return (
      <EmptyState icon={<MessagesSquare aria-hidden />} title="Nothing found">
        No message has these words{mode === 'hybrid' && ' or this meaning'}. Try fewer or other words.
        {note && ` ${note}`}
      </EmptyState>
    )
  return (
    <>
      <ResultCount count={items.length} mode={mode} note={note} />
      <ul aria-label="Messages found" className="divide-y">
        {items.map((message) => (
          <MessageRow key={message.messageId} message={message} />
        ))}
      </ul>
    </>
  )
}

function MessageRow({ message }: { message: MessageMatch }) {
  return (
    <li className="relative flex flex-col gap-1 px-5 py-3.5 hover:bg-surface-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <OpenLink open={message.conversationId} at={message.messageId}>
          {message.title || 'Untitled'}
        </OpenLink>
        <span className="tnum text-xs text-muted">
          {ROLE_LABELS[message.role]} · {timeAgo(message.at)}
        </span>
      </div>
      <Snippet parts={message.snippet} />
      {message.chatId && (
        <Link
          to="/chat/$id"
          params={{ id: message.chatId }}
          hash={message.turnId ?? undefined}
          className="relative z-1 self-start text-xs text-accent hover:underline"
        >
          Continue in the chat
        </Link>
      )}
    </li>
  )
}
