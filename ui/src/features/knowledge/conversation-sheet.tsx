import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { isStatus } from '@/api/client'
import { conversations } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { ConversationMessage } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { cn } from '@/lib/cn'
import { formatDateTime } from '@/lib/time'
import { ROLE_LABELS } from './roles'

interface Props {
  id: string
  /** The message to scroll to. */
  at?: string
  onClose: () => void
}

export function ConversationSheet({ id, at, onClose }: Props) {
  const list = useInfiniteQuery(queries.conversation(id))
  const head = list.data?.pages[0]
  const messages = list.data?.pages.flatMap((page) => page.items) ?? []
  const { hasNextPage, isFetching, fetchNextPage } = list
  const missing = at !== undefined && list.data !== undefined && !messages.some((one) => one.id === at)
  // The message to scroll to may be on a later page.
  useEffect(() => {
    if (missing && hasNextPage && !isFetching) void fetchNextPage()
  }, [missing, hasNextPage, isFetching, fetchNextPage])
  return (
    <Sheet
      open
      onClose={onClose}
      title={head?.title || 'Conversation'}
      footer={
        head && (
          <>
            {head.chatId && (
              <Link to="/chat/$id" params={{ id: head.chatId }} className={buttonClass('primary')}>
                Open the chat
              </Link>
            )}
            <RemoveButton
              title={`Delete “${head.title || 'this conversation'}”?`}
              description="You and your agents can no longer search it. Its chat stays."
              action="Delete conversation"
              remove={() => conversations.remove(id)}
              done="Conversation deleted"
              failed="The conversation was not deleted"
              onRemoved={onClose}
            />
          </>
        )
      }
    >
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && isStatus(list.error, 404) && (
        <EmptyState title="This conversation no longer exists">It was deleted.</EmptyState>
      )}
      {list.isError && !list.data && !isStatus(list.error, 404) && (
        <LoadError what="The conversation" error={list.error} onRetry={() => list.refetch()} />
      )}
      <ol aria-label="Messages" className="flex flex-col gap-1 px-3 py-4">
        {messages.map((message) => (
          <Message key={message.id} message={message} highlighted={message.id === at} />
        ))}
      </ol>
      <LoadMore list={list} label="Show more" />
    </Sheet>
  )
}

function Message({ message, highlighted }: { message: ConversationMessage; highlighted: boolean }) {
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (highlighted) item.current?.scrollIntoView({ block: 'center' })
  }, [highlighted])
  return (
    <li
      ref={item}
      aria-current={highlighted || undefined}
      className={cn('rounded-panel px-3 py-2.5', highlighted && 'bg-accent-soft')}
    >
      <p className="flex flex-wrap items-baseline justify-between gap-x-4 text-xs text-muted">
        <span className="font-medium text-fg">
          {ROLE_LABELS[message.role]}
          {message.toolName && <span className="ml-1.5 font-mono font-normal">{message.toolName}</span>}
        </span>
        <time className="tnum" dateTime={message.at}>
          {formatDateTime(message.at)}
        </time>
      </p>
      <p
        className={cn(
          'mt-0.5 whitespace-pre-wrap wrap-anywhere',
          message.role === 'tool' && 'font-mono text-xs leading-5 text-muted',
        )}
      >
        {message.text}
      </p>
    </li>
  )
}
