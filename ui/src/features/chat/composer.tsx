import { useQuery } from '@tanstack/react-query'
import { ArrowUp, ChevronDown, Square } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { queries } from '@/api/queries'
import type { Agent } from '@/api/types'
import { Menu, MenuChoice } from '@/components/ui/menu'
import { cn } from '@/lib/cn'
import { loadDraft, saveDraft } from '@/lib/drafts'
import { formatNumber } from '@/lib/time'

interface Props {
  /** The name that the draft is stored under. */
  draft: string
  agents: Agent[]
  agentId: string | null
  onAgent: (id: string) => void
  /** Resolves to whether the message was sent; only then the input is cleared. */
  onSend: (text: string) => Promise<boolean>
  sending: boolean
  /** Set while an answer is running. */
  onStop?: () => void
  /** Text to start with, for example a suggestion. */
  preset?: string
}

const MAX_MESSAGE_CHARS = 100_000
const MAX_INPUT_HEIGHT_PX = 240

export function Composer({ draft, agents, agentId, onAgent, onSend, sending, onStop, preset }: Props) {
  const [text, setText] = useState(() => loadDraft(draft))
  const box = useRef<HTMLTextAreaElement>(null)
  const agent = agents.find((one) => one.id === agentId) ?? agents[0]

  useEffect(() => saveDraft(draft, text), [draft, text])
  useEffect(() => {
    if (!preset) return
    setText(preset)
    box.current?.focus()
  }, [preset])
  useEffect(() => {
    // On touch screens focus would open the keyboard over the page.
    if (matchMedia('(pointer: fine)').matches) box.current?.focus()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height depends on the text
  useLayoutEffect(() => {
    const area = box.current
    if (!area) return
    area.style.height = 'auto'
    area.style.height = `${Math.min(area.scrollHeight, MAX_INPUT_HEIGHT_PX)}px`
  }, [text])

  const tooLong = text.length > MAX_MESSAGE_CHARS
  const ready = text.trim() !== '' && !tooLong && !sending && !onStop
  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    if (!ready || !(await onSend(text))) return
    // The page may be unmounted before an effect could clear the draft.
    saveDraft(draft, '')
    setText('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    // On touch screens Enter inserts a line break, since there is no Shift.
    if (!matchMedia('(pointer: fine)').matches) return
    event.preventDefault()
    void submit()
  }
  return (
    <div className="mx-auto w-full max-w-[736px] shrink-0 px-4 pb-2.5">
      <form
        onSubmit={submit}
        className="rounded-composer border border-control bg-surface shadow-card transition-colors duration-100 focus-within:border-accent focus-within:outline-3 focus-within:outline-accent/20"
      >
        <textarea
          ref={box}
          rows={1}
          aria-label={`Message to ${agent?.name ?? 'your agent'}`}
          placeholder={agent ? `Message ${agent.name}` : 'Message your agent'}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="hairline block w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-md leading-6 outline-none"
        />
        <div className="flex items-center gap-2 px-2.5 pb-2.5">
          <AgentMenu agents={agents} agent={agent} onAgent={onAgent} />
          <p className={cn('ml-auto text-xs text-muted', tooLong && 'text-bad')}>
            {tooLong
              ? `${formatNumber(text.length)} of ${formatNumber(MAX_MESSAGE_CHARS)} characters. Shorten it to send it.`
              : onStop && <span className="hidden sm:inline">Esc to stop</span>}
          </p>
          {onStop ? (
            <button
              type="button"
              aria-label="Stop the answer"
              title="Stop the answer"
              onClick={onStop}
              className="flex size-9 items-center justify-center rounded-panel bg-primary text-primary-fg hover:bg-primary-hover"
            >
              <Square aria-hidden className="size-3.5 fill-current" />
            </button>
          ) : (
            <button
              type="submit"
              aria-label="Send"
              title="Send"
              disabled={!ready}
              className="flex size-9 items-center justify-center rounded-panel bg-primary text-primary-fg hover:bg-primary-hover disabled:bg-surface-3 disabled:text-subtle"
            >
              <ArrowUp aria-hidden className="size-4.5" />
            </button>
          )}
        </div>
      </form>
      <p className="mt-2 text-center text-xs text-subtle">
        Answers can be wrong. Check anything that matters.
      </p>
    </div>
  )
}

const ASLEEP_STATUS = { dot: 'bg-line-strong', word: 'asleep' }
const CONTAINER_STATUS: Record<string, { dot: string; word: string }> = {
  ready: { dot: 'bg-ok', word: 'awake' },
  starting: { dot: 'bg-warn', word: 'starting' },
  paused: { dot: 'bg-ok', word: 'dozing' },
  failed: { dot: 'bg-bad', word: 'did not start' },
}

interface AgentMenuProps {
  agents: Agent[]
  agent: Agent | undefined
  onAgent: (id: string) => void
}

function AgentMenu({ agents, agent, onAgent }: AgentMenuProps) {
  const { data } = useQuery({ ...queries.container, refetchInterval: 15_000 })
  const { dot, word } = CONTAINER_STATUS[data?.container?.observed ?? ''] ?? ASLEEP_STATUS
  if (!agent) return null
  return (
    <Menu
      side="top"
      trigger={
        <button
          type="button"
          aria-label={`Agent: ${agent.name}, ${word}. Switch the agent`}
          className="flex h-8 max-w-52 items-center gap-2 rounded-control px-2 text-sm font-medium text-muted hover:bg-surface-2 hover:text-fg data-popup-open:bg-surface-2"
        >
          <span aria-hidden title={word} className={cn('size-2 shrink-0 rounded-full', dot)} />
          <span className="truncate">{agent.name}</span>
          <ChevronDown aria-hidden className="size-3.5 shrink-0" />
        </button>
      }
    >
      <MenuChoice
        label="Agent for the next answer"
        value={agent.id}
        onChange={onAgent}
        options={agents.map((one) => ({ value: one.id, label: one.name }))}
      />
    </Menu>
  )
}
