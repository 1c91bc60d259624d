import { RefreshCw, WifiOff } from 'lucide-react'
import { memo, useEffect } from 'react'
import type { Agent, Turn } from '@/api/types'
import { Markdown } from '@/components/markdown/markdown'
import { IconButton } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { formatDateTime, formatNumber } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { StartCard } from './start-card'
import { ToolCard } from './tool-card'
import { hasRetryButton, TurnErrorAlert } from './turn-error-alert'
import { followTurn, isFinal, type LiveTurn, useLiveTurn } from './turn-store'
import type { Message } from './use-send'
import { UserMessage } from './user-message'

interface Props {
  turn: Turn
  agent: Agent | undefined
  last: boolean
  /** Absent while an answer of this chat is running. */
  onSend?: (message: Message) => Promise<boolean>
}

/** Shorter starts do not get a card. */
const START_CARD_DELAY_MS = 350

/** One question and its answer, live or as stored. */
export const TurnView = memo(function TurnView({ turn, agent, last, onSend }: Props) {
  const over = isFinal(turn.status)
  useEffect(() => {
    if (!over) followTurn(turn.id, turn.chatId)
  }, [over, turn.id, turn.chatId])
  const live = useLiveTurn(turn.id)
  const view = over || !live ? fromStored(turn) : live
  const finished = isFinal(view.status)
  const resend = (text: string) =>
    onSend?.({ text, agentId: turn.agentId ?? undefined, replaces: turn.id }) ?? Promise.resolve(false)
  // Only the last turn has a retry button: elsewhere it would remove the later turns without a warning.
  const retry = onSend && last ? () => void resend(turn.question) : undefined
  const name = agent?.name ?? 'Agent'
  return (
    <article id={turn.id} aria-label={`Message ${turn.seq}`} className="flex scroll-mt-8 flex-col gap-5">
      <UserMessage text={turn.question} hasLater={!last} onResend={onSend && resend} />
      <div className="group/answer">
        <div className="flex items-center gap-2.5">
          <span
            aria-hidden
            className="flex size-6 items-center justify-center rounded-chip bg-primary text-2xs font-semibold text-primary-fg"
          >
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className="text-sm font-medium">{name}</span>
        </div>
        <div className="mt-2 flex flex-col gap-3 sm:pl-8.5">
          {view.tools.map((tool) => (
            <ToolCard key={tool.id} tool={tool} over={finished} />
          ))}
          {!finished && <PendingAnswer turn={view} name={name} />}
          {view.text && <Markdown text={view.text} />}
          {!finished && view.connection === 'lost' && (
            <p className="flex items-center gap-2 text-sm text-muted">
              <WifiOff aria-hidden className="size-4" />
              Connection lost. Reconnecting; the answer continues in the meantime.
            </p>
          )}
          {finished && view.status === 'stopped' && (
            <p className="text-sm text-muted">You stopped this answer.</p>
          )}
          {finished && view.status === 'done' && !view.text && (
            <p className="text-sm text-muted">The agent finished without an answer.</p>
          )}
          {finished && <TurnErrorAlert status={view.status} error={view.error} onRetry={retry} />}
          {finished && (
            <Actions
              turn={turn}
              view={view}
              last={last}
              onRetry={hasRetryButton(view.status) ? undefined : retry}
            />
          )}
        </div>
      </div>
    </article>
  )
})

function fromStored(turn: Turn): LiveTurn {
  return {
    text: turn.answer,
    stages: [],
    acceptedAt: new Date(turn.createdAt).getTime(),
    tools: turn.tools,
    usage: turn.usage ?? undefined,
    error: turn.error ?? undefined,
    status: turn.status,
    connection: 'open',
  }
}

/** Shown until the first token arrives. */
function PendingAnswer({ turn, name }: { turn: LiveTurn; name: string }) {
  const stage = turn.stages.at(-1)
  const starting = stage !== undefined && stage.name !== 'ready' && turn.text === ''
  const now = useNow(starting ? 200 : null)
  if (turn.waiting) return <p className="text-sm text-muted">{turn.waiting}</p>
  if (starting && now - turn.acceptedAt > START_CARD_DELAY_MS) return <StartCard turn={turn} />
  if (turn.text === '' && !turn.tools.some((tool) => tool.status === 'running'))
    return <ThinkingDots name={name} />
  return null
}

function ThinkingDots({ name }: { name: string }) {
  return (
    <div className="flex h-6 items-center gap-1" title={`${name} is thinking`}>
      {['', '[animation-delay:200ms]', '[animation-delay:400ms]'].map((delay) => (
        <span key={delay} aria-hidden className={`size-1.5 animate-pulse rounded-full bg-control ${delay}`} />
      ))}
    </div>
  )
}

interface ActionsProps {
  turn: Turn
  view: LiveTurn
  last: boolean
  onRetry?: () => void
}

function Actions({ turn, view, last, onRetry }: ActionsProps) {
  const tokens = view.usage ? `${formatNumber(view.usage.outputTokens)} tokens` : ''
  return (
    <div
      className={`-ml-2 flex items-center transition-opacity duration-100 group-focus-within/answer:opacity-100 group-hover/answer:opacity-100 pointer-coarse:opacity-100 ${last ? '' : 'opacity-0'}`}
    >
      {view.text && <CopyButton text={view.text} name="Copy the answer" />}
      {onRetry && (
        <IconButton label="Answer again" onClick={onRetry}>
          <RefreshCw aria-hidden />
        </IconButton>
      )}
      <p className="tnum ml-2 text-xs text-muted">
        {tokens && <span title={`${formatNumber(view.usage?.inputTokens ?? 0)} tokens read`}>{tokens}</span>}
        {tokens && turn.finishedAt && ' · '}
        {turn.finishedAt && <time dateTime={turn.finishedAt}>{formatDateTime(turn.finishedAt)}</time>}
      </p>
    </div>
  )
}
