import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { isStatus } from '@/api/client'
import { conversations } from '@/api/mutations'
import { q } from '@/api/queries'
import type { ConversationMessage } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { ShowOlder } from '@/components/ui/show-older'
import { cn } from '@/lib/cn'
import { dateTime } from '@/lib/time'
import { ROLES } from './roles'

interface Props {
  id: string
  /** The message to show first. */
  at?: string
  onClose: () => void
}

/** A conversation as it was, to read. */
export function ConversationSheet({ id, at, onClose }: Props) {
  const list = useInfiniteQuery(q.conversation(id))
  const head = list.data?.pages[0]
  const messages = list.data?.pages.flatMap((page) => page.items) ?? []
  const { hasNextPage, isFetching, fetchNextPage } = list
  const missing = at !== undefined && list.data !== undefined && !messages.some((one) => one.id === at)
  // What is to be shown may be far behind.
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
              description="It cannot be searched any more, by you or your agents. A chat of it stays."
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
        <Empty title="This conversation is not there any more">It was deleted.</Empty>
      )}
      {list.isError && !list.data && !isStatus(list.error, 404) && (
        <LoadError what="The conversation" error={list.error} onRetry={() => list.refetch()} />
      )}
      <ol aria-label="Messages" className="flex flex-col gap-1 px-3 py-4">
        {messages.map((message) => (
          <Message key={message.id} message={message} wanted={message.id === at} />
        ))}
      </ol>
      <ShowOlder list={list} label="Show more" />
    </Sheet>
  )
}

function Message({ message, wanted }: { message: ConversationMessage; wanted: boolean }) {
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (wanted) item.current?.scrollIntoView({ block: 'center' })
  }, [wanted])
  return (
    <li
      ref={item}
      aria-current={wanted || undefined}
      className={cn('rounded-panel px-3 py-2.5', wanted && 'bg-accent-soft')}
    >
      <p className="flex flex-wrap items-baseline justify-between gap-x-4 text-xs text-muted">
        <span className="font-medium text-fg">
          {ROLES[message.role]}
          {message.toolName && <span className="ml-1.5 font-mono font-normal">{message.toolName}</span>}
        </span>
        <time className="tnum" dateTime={message.at}>
          {dateTime(message.at)}
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
