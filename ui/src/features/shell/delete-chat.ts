/**
 * Deleting a chat can be undone for a few seconds: it leaves the list at once, and the request is sent when the time is
 * over, or earlier when the page is closed.
 */
import { useSyncExternalStore } from 'react'
import { chats } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { Chat } from '@/api/types'
import { toast } from '@/components/ui/toast'

const UNDO_MS = 7000

const pendingTimers = new Map<string, ReturnType<typeof setTimeout>>()
let pendingIds: ReadonlySet<string> = new Set()
const listeners = new Set<() => void>()

function notifyListeners(): void {
  pendingIds = new Set(pendingTimers.keys())
  for (const listener of listeners) listener()
}

async function remove(id: string, keepalive: boolean): Promise<void> {
  const timer = pendingTimers.get(id)
  if (timer === undefined) return
  clearTimeout(timer)
  try {
    await chats.remove(id, keepalive)
    await queryClient.invalidateQueries({ queryKey: queries.chats.queryKey })
    queryClient.removeQueries({ queryKey: queries.chat(id).queryKey })
  } catch (error) {
    toast.error('The chat was not deleted', error)
  } finally {
    pendingTimers.delete(id)
    notifyListeners()
  }
}

export function deleteChat(chat: Chat): void {
  pendingTimers.set(
    chat.id,
    setTimeout(() => void remove(chat.id, false), UNDO_MS),
  )
  notifyListeners()
  const undo = () => {
    clearTimeout(pendingTimers.get(chat.id))
    pendingTimers.delete(chat.id)
    notifyListeners()
  }
  toast.success('Chat deleted', {
    label: 'Undo',
    onPress: undo,
    timeout: UNDO_MS,
    onTimeout: () => void remove(chat.id, false),
  })
}

/** Sends all pending deletions now. */
export function flushDeletions(): void {
  for (const id of pendingTimers.keys()) void remove(id, true)
}

addEventListener('pagehide', flushDeletions)

/** The chats with a pending deletion. */
export function useDeletedChatIds(): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => pendingIds,
  )
}
