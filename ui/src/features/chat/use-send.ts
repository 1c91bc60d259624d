/** Sends messages. The same message sent again after a broken line is never asked twice. */
import { useRef, useState } from 'react'
import { ApiError, freshKey, isStatus } from '@/api/client'
import { chats } from '@/api/mutations'
import { q, queryClient } from '@/api/queries'
import { tellTabs } from '@/api/tabs'
import type { ChatWithTurns, Turn } from '@/api/types'
import { toast } from '@/components/ui/toast'
import { followTurn } from './turn-store'

export interface Message {
  text: string
  agentId?: string
  /** The turn that this one stands in for. */
  replaces?: string
}

/** Sends to `chat`, or to a new one. Answers with the chat's id, or `null` when it was not sent. */
export function useSend(chat: string | null) {
  const [sending, setSending] = useState(false)
  const attempt = useRef<{ of: string; key: string; chatKey: string } | null>(null)

  const send = async (message: Message): Promise<string | null> => {
    if (sending) return null
    setSending(true)
    const of = JSON.stringify([chat, message])
    if (attempt.current?.of !== of) attempt.current = { of, key: freshKey(), chatKey: freshKey() }
    const { key, chatKey } = attempt.current
    try {
      const id = chat ?? (await again(() => chats.create(chatKey))).id
      const { turnId } = await again(() => chats.ask(id, message, key))
      attempt.current = null
      show(id, turnId, message)
      followTurn(turnId, id)
      tellTabs('chat', id)
      void queryClient.invalidateQueries({ queryKey: q.chats.queryKey })
      return id
    } catch (error) {
      // The chat that was made for it was deleted meanwhile: the next try makes another.
      if (isStatus(error, 404)) attempt.current = null
      toast.failed('Your message was not sent', error)
      return null
    } finally {
      setSending(false)
    }
  }
  return { send, sending }
}

/** A line that broke is tried once more: the key makes that safe. */
async function again<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'offline') throw error
    await new Promise((resolve) => setTimeout(resolve, 800))
    return work()
  }
}

/** Puts the message on the page before the server is asked for the chat again. */
function show(id: string, turnId: string, { text, agentId, replaces }: Message): void {
  const at = new Date().toISOString()
  queryClient.setQueryData(q.chat(id).queryKey, (before: ChatWithTurns | undefined): ChatWithTurns => {
    const chat = before ?? {
      id,
      title: text.trim().slice(0, 60),
      agentId: agentId ?? null,
      createdAt: at,
      updatedAt: at,
      turns: [],
    }
    const cut = replaces ? chat.turns.findIndex((turn) => turn.id === replaces) : -1
    const kept = cut < 0 ? chat.turns : chat.turns.slice(0, cut)
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
