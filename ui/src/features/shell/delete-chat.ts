/**
 * Deleting a chat can be undone for a few seconds: it vanishes from the list at once, and the server is
 * told when the time is over, or earlier when the page goes away.
 */
import { useSyncExternalStore } from 'react'
import { chats } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { Chat } from '@/api/types'
import { toast } from '@/components/ui/toast'

const UNDO_MS = 7000

const waiting = new Map<string, ReturnType<typeof setTimeout>>()
let ids: ReadonlySet<string> = new Set()
const listeners = new Set<() => void>()

function told(): void {
  ids = new Set(waiting.keys())
  for (const listener of listeners) listener()
}

async function remove(id: string, keepalive: boolean): Promise<void> {
  const timer = waiting.get(id)
  if (timer === undefined) return
  clearTimeout(timer)
  try {
    await chats.remove(id, keepalive)
    await queryClient.invalidateQueries({ queryKey: queries.chats.queryKey })
    queryClient.removeQueries({ queryKey: queries.chat(id).queryKey })
  } catch (error) {
    toast.error('The chat was not deleted', error)
  } finally {
    waiting.delete(id)
    told()
  }
}

export function deleteChat(chat: Chat): void {
  waiting.set(
    chat.id,
    setTimeout(() => void remove(chat.id, false), UNDO_MS),
  )
  told()
  const undo = () => {
    clearTimeout(waiting.get(chat.id))
    waiting.delete(chat.id)
    told()
  }
  toast.success('Chat deleted', {
    label: 'Undo',
    onPress: undo,
    timeout: UNDO_MS,
    onTimeout: () => void remove(chat.id, false),
  })
}

/** Tells the server of everything that is still waiting. */
export function flushDeletions(): void {
  for (const id of waiting.keys()) void remove(id, true)
}

addEventListener('pagehide', flushDeletions)

/** The chats that are on their way out. */
export function useDeletedChatIds(): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => ids,
  )
}
