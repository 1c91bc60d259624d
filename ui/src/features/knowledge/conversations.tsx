import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { MessagesSquare, Upload } from 'lucide-react'
import { useState } from 'react'
import { q } from '@/api/queries'
import type { Conversation, FoundMessage } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { SearchInput } from '@/components/ui/search-input'
import { ShowOlder } from '@/components/ui/show-older'
import { ago } from '@/lib/time'
import { AgentFilter, useAgentName } from './agent-filter'
import { ConversationSheet } from './conversation-sheet'
import { ImportDialog } from './import-dialog'
import { Line, OpenLink } from './open-link'
import { ROLES } from './roles'
import type { KnowledgeSearch } from './search'
import { Snippet, Tally } from './snippet'

const route = getRouteApi('/_app/knowledge')

/** Everything that was said, with what the tools did; from Mosaic's chats and from elsewhere. */
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
          label="Search what was said"
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
      {search.q ? <Found query={search.q} agentId={search.agent} /> : <All agentId={search.agent} />}
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

function All({ agentId }: { agentId?: string }) {
  const list = useInfiniteQuery(q.conversations({ agentId }))
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Conversations" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <Empty icon={<MessagesSquare aria-hidden />} title="No conversations yet">
          Every chat comes here a few seconds after its answer, with what the tools did, and your agents can
          look things up in it. Session logs of another OpenClaw can be imported.
        </Empty>
      )}
      {items.length > 0 && (
        <ul aria-label="Conversations" className="divide-y">
          {items.map((conversation) => (
            <Row key={conversation.id} conversation={conversation} />
          ))}
        </ul>
      )}
      <ShowOlder list={list} />
    </>
  )
}

function Row({ conversation }: { conversation: Conversation }) {
  const agentName = useAgentName()
  const agent = agentName(conversation.agentId)
  return (
    <Line
      open={conversation.id}
      name={conversation.title || 'Without a title'}
      aside={ago(conversation.lastAt)}
    >
      <p className="tnum text-xs text-muted">
        {conversation.messages === 1 ? 'One message' : `${conversation.messages} messages`}
        {agent && ` · with ${agent}`}
        {!conversation.chatId && ' · not from a chat here'}
      </p>
    </Line>
  )
}

function Found({ query, agentId }: { query: string; agentId?: string }) {
  const found = useQuery({ ...q.foundMessages(query, { agentId }), placeholderData: (before) => before })
  if (found.isPending) return <SkeletonRows rows={5} />
  if (!found.data)
    return <LoadError what="Conversations" error={found.error} onRetry={() => found.refetch()} />
  const { items, mode, note } = found.data
  if (items.length === 0)
    return (
      <Empty icon={<MessagesSquare aria-hidden />} title="Nothing found">
        Nobody said these words{mode === 'hybrid' && ' or meant this'}. Try fewer or other words.
        {note && ` ${note}`}
      </Empty>
    )
  return (
    <>
      <Tally count={items.length} mode={mode} note={note} />
      <ul aria-label="Messages found" className="divide-y">
        {items.map((message) => (
          <Hit key={message.messageId} message={message} />
        ))}
      </ul>
    </>
  )
}

function Hit({ message }: { message: FoundMessage }) {
  return (
    <li className="relative flex flex-col gap-1 px-5 py-3.5 hover:bg-surface-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <OpenLink open={message.conversationId} at={message.messageId}>
          {message.title || 'Without a title'}
        </OpenLink>
        <span className="tnum text-xs text-muted">
          {ROLES[message.role]} · {ago(message.at)}
        </span>
      </div>
      <Snippet pieces={message.snippet} />
      {message.chatId && (
        <Link
          to="/chat/$id"
          params={{ id: message.chatId }}
          hash={message.turnId ?? undefined}
          className="relative z-1 self-start text-xs text-accent hover:underline"
        >
          Go on in the chat
        </Link>
      )}
    </li>
  )
}
