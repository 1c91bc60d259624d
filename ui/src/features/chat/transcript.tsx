import { useRouterState } from '@tanstack/react-router'
import { ArrowDown } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Agent, Turn } from '@/api/types'
import { TurnView } from './turn-view'
import { usePinnedScroll } from './use-pinned-scroll'
import type { Message } from './use-send'

interface Props {
  turns: Turn[]
  agents: Agent[]
  onSend?: (message: Message) => Promise<boolean>
}

/** All turns of a chat. Stays at the end until the user scrolls up. */
export function Transcript({ turns, agents, onSend }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { showJumpButton, scrollToEnd, scrollToElement } = usePinnedScroll(box, content)
  const targetId = useRouterState({ select: (state) => state.location.hash })
  const lastId = turns.at(-1)?.id
  // A new turn scrolls to the end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when there is a new turn
  useEffect(scrollToEnd, [lastId, scrollToEnd])
  // A link to a turn scrolls to that turn.
  useEffect(() => {
    const turn = targetId ? document.getElementById(targetId) : null
    if (turn) scrollToElement(turn)
  }, [targetId, scrollToElement])
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        role="log"
        aria-label="Chat"
        aria-live="off"
        tabIndex={0}
        data-quiet-focus
        className="h-full overflow-y-auto outline-none"
      >
        <div ref={content} className="mx-auto flex w-full max-w-[736px] flex-col gap-9 px-4 pt-8 pb-10">
          {turns.map((turn) => (
            <TurnView
              key={turn.id}
              turn={turn}
              agent={
                agents.find((agent) => agent.id === turn.agentId) ?? (turn.agentId ? undefined : agents[0])
              }
              last={turn.id === lastId}
              onSend={onSend}
            />
          ))}
        </div>
      </div>
      {showJumpButton && (
        <button
          type="button"
          onClick={scrollToEnd}
          className="absolute bottom-3 left-1/2 flex h-8 -translate-x-1/2 animate-rise items-center gap-1.5 rounded-full border bg-surface px-3 text-xs font-medium shadow-float hover:bg-surface-2"
        >
          <ArrowDown aria-hidden className="size-3.5" />
          Jump to latest
        </button>
      )}
    </div>
  )
}
