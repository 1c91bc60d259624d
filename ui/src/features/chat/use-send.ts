/** Sends messages. A message that is sent again after a lost connection is not asked twice. */
import { useRef, useState } from 'react'
import { ApiError, isStatus } from '@/api/client'
import { notifyOtherTabs } from '@/api/cross-tab'
import { newIdempotencyKey } from '@/api/idempotency-keys'
import { chats } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { ChatWithTurns, Turn } from '@/api/types'
import { toast } from '@/components/ui/toast'
import { followTurn } from './turn-store'

export interface Message {
  text: string
  agentId?: string
  /** The turn that this message replaces, with all later ones. */
  replaces?: string
}

/** `send` sends to `chat`, or to a new chat, and resolves to the chat's id, or `null` if the message was not sent. */
export function useSend(chat: string | null) {
  const [sending, setSending] = useState(false)
  const unsent = useRef<{ content: string; key: string; chatKey: string } | null>(null)

  const send = async (message: Message): Promise<string | null> => {
    if (sending) return null
    setSending(true)
    const content = JSON.stringify([chat, message])
    if (unsent.current?.content !== content)
      unsent.current = { content, key: newIdempotencyKey(), chatKey: newIdempotencyKey() }
    const { key, chatKey } = unsent.current
    try {
      const id = chat ?? (await retryIfOffline(() => chats.create(chatKey))).id
      const { turnId } = await retryIfOffline(() => chats.ask(id, message, key))
      unsent.current = null
      addPendingTurn(id, turnId, message)
      followTurn(turnId, id)
      notifyOtherTabs('chat', id)
      void queryClient.invalidateQueries({ queryKey: queries.chats.queryKey })
      return id
    } catch (error) {
      // The new chat was deleted in the meantime: the next try creates another.
      if (isStatus(error, 404)) unsent.current = null
      toast.error('Your message was not sent', error)
      return null
    } finally {
      setSending(false)
    }
  }
  return { send, sending }
}

/** Retries once after a lost connection. The idempotency key makes that safe. */
async function retryIfOffline<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'offline') throw error
    await new Promise((resolve) => setTimeout(resolve, 800))
    return work()
  }
}

/** Puts the message on the page before the chat is read again. */
function addPendingTurn(id: string, turnId: string, { text, agentId, replaces }: Message): void {
  const at = new Date().toISOString()
  queryClient.setQueryData(queries.chat(id).queryKey, (before: ChatWithTurns | undefined): ChatWithTurns => {
    const chat = before ?? {
      id,
      title: text.trim().slice(0, 60),
      agentId: agentId ?? null,
      createdAt: at,
      updatedAt: at,
      turns: [],
    }
    const replacedAt = replaces ? chat.turns.findIndex((turn) => turn.id === replaces) : -1
    const kept = replacedAt < 0 ? chat.turns : chat.turns.slice(0, replacedAt)
    if (kept.some((turn) => turn.id === turnId)) return chat
    const turn: Turn = {
      id: turnId,
      chatId: id,
      seq: (kept.at(-1)?.seq ?? 0) + 1,
      agentId: agentId ?? chat.agentId,
      question: text,
      answer: '',
      status: 'pending',
      tools: [],
      createdAt: at,
      finishedAt: null,
    }
    return { ...chat, agentId: agentId ?? chat.agentId, turns: [...kept, turn] }
  })
}
