import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { isStatus } from '@/api/client'
import { chats } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Agent, ChatWithTurns } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { EmptyState, LoadError, Skeleton } from '@/components/ui/feedback'
import { toast } from '@/components/ui/toast'
import { titleOf } from '@/features/shell/chat-row'
import { TopBar } from '@/features/shell/top-bar'
import { Composer } from './composer'
import { Transcript } from './transcript'
import { isFinal, useLiveTurn } from './turn-store'
import { type Message, useSend } from './use-send'

const route = getRouteApi('/_app/chat/$id')
const NO_AGENTS: Agent[] = []

export function ChatPage() {
  const { id } = route.useParams()
  const chat = useQuery(queries.chat(id))
  const { data: agents } = useQuery(queries.agents)
  if (chat.isPending)
    return (
      <>
        <TopBar title="Chat" />
        <TurnSkeleton />
      </>
    )
  if (chat.isError && !chat.data)
    return (
      <>
        <TopBar title="Chat" />
        {isStatus(chat.error, 404) ? (
          <EmptyState
            title="This chat does not exist"
            action={
              <Link to="/chat" className={buttonClass('primary')}>
                Start a new chat
              </Link>
            }
          >
            It was deleted, or it belongs to another user.
          </EmptyState>
        ) : (
          <LoadError what="This chat" error={chat.error} onRetry={() => chat.refetch()} />
        )}
      </>
    )
  return <Conversation key={id} chat={chat.data} agents={agents?.items ?? NO_AGENTS} />
}

function Conversation({ chat, agents }: { chat: ChatWithTurns; agents: Agent[] }) {
  const { send, sending } = useSend(chat.id)
  const [chosen, setChosen] = useState<string | null>(null)
  const agentId = chosen ?? chat.agentId ?? null
  const last = chat.turns.at(-1)
  const live = useLiveTurn(last?.id ?? '')
  const running = last !== undefined && !isFinal(last.status) && !(live && isFinal(live.status))

  // biome-ignore lint/correctness/useExhaustiveDependencies: `send` is a new function on every render but does not change its meaning
  const ask = useCallback(async (message: Message) => (await send(message)) !== null, [chat.id, sending])
  const lastId = last?.id
  const stop = useCallback(async () => {
    if (!lastId) return
    try {
      await chats.stop(lastId)
    } catch (error) {
      toast.error('The answer was not stopped', error)
    }
  }, [lastId])
  useStopOnEscape(running ? stop : undefined)

  return (
    <>
      <TopBar title={titleOf(chat)} />
      <AnswerStatus
        running={running}
        name={agents.find((agent) => agent.id === last?.agentId)?.name ?? 'Your agent'}
      />
      <Transcript turns={chat.turns} agents={agents} onSend={running || sending ? undefined : ask} />
      <Composer
        draft={chat.id}
        agents={agents}
        agentId={agentId}
        onAgent={setChosen}
        sending={sending}
        onSend={(text) => ask({ text, agentId: agentId ?? undefined })}
        onStop={running ? stop : undefined}
      />
    </>
  )
}

/** Announces to screen readers that an answer starts and ends, without its text. */
function AnswerStatus({ running, name }: { running: boolean; name: string }) {
  const [wasRunning, setWasRunning] = useState(running)
  useEffect(() => {
    if (running) setWasRunning(true)
  }, [running])
  return (
    <p role="status" className="sr-only">
      {running ? `${name} is answering` : wasRunning ? `${name} has finished` : ''}
    </p>
  )
}

/** Esc stops the answer, unless a menu or dialog is open. */
function useStopOnEscape(stop: (() => void) | undefined): void {
  useEffect(() => {
    if (!stop) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      if (document.querySelector('[role="dialog"]:not([data-base-ui-toast]), [role="menu"]')) return
      stop()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [stop])
}

function TurnSkeleton() {
  return (
    <div role="status" className="mx-auto flex w-full max-w-[736px] flex-col gap-6 px-4 pt-8">
      <span className="sr-only">Loading the chat</span>
      <Skeleton className="ml-auto h-10 w-2/5 rounded-card" />
      <div className="flex flex-col gap-3 sm:pl-8.5">
        <Skeleton className="h-3.5 w-11/12" />
        <Skeleton className="h-3.5 w-4/5" />
        <Skeleton className="h-3.5 w-3/5" />
      </div>
    </div>
  )
}
