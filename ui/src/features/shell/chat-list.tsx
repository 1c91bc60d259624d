import { useInfiniteQuery } from '@tanstack/react-query'
import { Search, X } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { queries } from '@/api/queries'
import type { Chat } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/feedback'
import { DAY_GROUPS, dayGroup } from '@/lib/time'
import { ChatRow } from './chat-row'
import { useDeletedChatIds } from './delete-chat'

/** All chats by day, with a search over their titles. */
export function ChatList() {
  const [search, setSearch] = useState('')
  const list = useChats(search.trim().toLowerCase())
  return (
    <div className="mt-4 flex min-h-0 flex-1 flex-col">
      <SearchBox value={search} onChange={setSearch} />
      <nav aria-label="Chats" className="hairline min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        <Body {...list} searching={search.trim() !== ''} />
      </nav>
    </div>
  )
}

function useChats(search: string) {
  const query = useInfiniteQuery(queries.chats)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  // Titles are searched in the browser, so all pages must be loaded.
  useEffect(() => {
    if (search && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [search, hasNextPage, isFetchingNextPage, fetchNextPage])
  const deleted = useDeletedChatIds()
  const chats = useMemo(() => {
    const all = query.data?.pages.flatMap((page) => page.items) ?? []
    return all.filter((chat) => !deleted.has(chat.id) && chat.title.toLowerCase().includes(search))
  }, [query.data, deleted, search])
  return { query, chats }
}

interface BodyProps extends ReturnType<typeof useChats> {
  searching: boolean
}

function Body({ query, chats, searching }: BodyProps) {
  if (query.isPending)
    return (
      <div role="status" className="flex flex-col gap-4 px-2.5 pt-3">
        <span className="sr-only">Loading chats</span>
        {['w-40', 'w-32', 'w-44', 'w-36', 'w-28'].map((width) => (
          <Skeleton key={width} className={`h-3 ${width}`} />
        ))}
      </div>
    )
  if (query.isError && chats.length === 0)
    return (
      <div className="px-2.5 pt-2 text-sm text-muted">
        <p>Your chats could not be loaded.</p>
        <Button size="sm" className="mt-2" onClick={() => query.refetch()}>
          Try again
        </Button>
      </div>
    )
  if (chats.length === 0)
    return (
      <p className="px-2.5 pt-2 text-sm text-muted">
        {searching ? 'No chat has this in its title.' : 'Your chats will be listed here.'}
      </p>
    )
  return (
    <>
      {DAY_GROUPS.map((name) => (
        <DaySection
          key={name}
          name={name}
          chats={chats.filter((chat) => dayGroup(chat.updatedAt) === name)}
        />
      ))}
      {query.hasNextPage && !searching && (
        <Button
          variant="ghost"
          size="sm"
          className="mt-2 w-full"
          busy={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Show older chats
        </Button>
      )}
    </>
  )
}

function DaySection({ name, chats }: { name: string; chats: Chat[] }) {
  if (chats.length === 0) return null
  return (
    <section className="pt-3">
      <h2 className="px-2.5 pb-1 text-2xs font-medium tracking-normal text-subtle">{name}</h2>
      <ul className="flex flex-col gap-px">
        {chats.map((chat) => (
          <ChatRow key={chat.id} chat={chat} />
        ))}
      </ul>
    </section>
  )
}

function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const jump = (event: KeyboardEvent) => {
      const target = event.target
      const typing =
        target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      box.current?.focus()
    }
    document.addEventListener('keydown', jump)
    return () => document.removeEventListener('keydown', jump)
  }, [])
  return (
    <div className="relative mx-2 shrink-0">
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" />
      <input
        ref={box}
        type="search"
        aria-label="Search chats"
        placeholder="Search chats"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onChange('')}
        className="h-8 w-full rounded-control bg-transparent pr-8 pl-9 text-sm hover:bg-surface-2 focus:bg-surface"
      />
      {value && (
        <button
          type="button"
          aria-label="Clear the search"
          onClick={() => onChange('')}
          className="absolute top-1 right-1 flex size-6 items-center justify-center rounded-chip text-muted hover:text-fg"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      )}
    </div>
  )
}
