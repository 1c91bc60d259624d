/**
 * The turns that are being answered. Lives outside React: leaving the page does not stop an answer, and not every token
 * renders the page. All components share one stream per turn.
 */
import { useSyncExternalStore } from 'react'
import { notifyOtherTabs } from '@/api/cross-tab'
import { queries, queryClient } from '@/api/queries'
import type { Stage, TokenUsage, ToolCall, TurnError, TurnEvents, TurnStatus } from '@/api/types'
import { followEvents } from '@/lib/sse'

export interface StageProgress {
  name: Stage
  /** Milliseconds after the message was accepted. */
  from: number
  usualMs?: number
  ahead?: number
  note?: string
}

export interface LiveTurn {
  text: string
  stages: StageProgress[]
  /** This page's clock when the message was accepted. */
  acceptedAt: number
  tools: ToolCall[]
  usage?: TokenUsage
  /** What the agent is probably doing while no event arrives. */
  waiting?: string
  error?: TurnError
  status: TurnStatus
  connection: 'open' | 'lost'
}

/** How often components are rendered with new text. */
const RENDER_INTERVAL_MS = 50

interface ActiveTurn {
  latest: LiveTurn
  rendered: LiveTurn
  timer?: ReturnType<typeof setTimeout>
  abort: AbortController
}

const activeTurns = new Map<string, ActiveTurn>()
const listeners = new Set<() => void>()

function notifyListeners(): void {
  for (const listener of listeners) listener()
}

function flush(turn: ActiveTurn): void {
  clearTimeout(turn.timer)
  turn.timer = undefined
  turn.rendered = turn.latest
  notifyListeners()
}

function update(turn: ActiveTurn, next: Partial<LiveTurn>): void {
  turn.latest = { ...turn.latest, ...next }
  turn.timer ??= setTimeout(() => flush(turn), RENDER_INTERVAL_MS)
}

export function isFinal(status: TurnStatus): boolean {
  return status !== 'pending' && status !== 'running'
}

/** The changes of a turn by one event. Pure. */
export function applyEvent(turn: LiveTurn, name: string, data: unknown, now: number): Partial<LiveTurn> {
  switch (name) {
    case 'stage':
      return withStage(turn, data as TurnEvents['stage'], now)
    case 'waiting':
      return { waiting: (data as TurnEvents['waiting']).detail }
    case 'delta':
      return { text: turn.text + (data as TurnEvents['delta']).text, status: 'running', waiting: undefined }
    case 'snapshot':
      return { text: (data as TurnEvents['snapshot']).text, status: 'running', waiting: undefined }
    case 'tool':
      return { tools: withTool(turn.tools, data as ToolCall), status: 'running', waiting: undefined }
    case 'usage':
      return { usage: data as TokenUsage }
    case 'done':
      return { status: (data as TurnEvents['done']).status, waiting: undefined }
    case 'error':
      return { status: 'failed', error: data as TurnError, waiting: undefined }
    default:
      return {}
  }
}

function withStage(turn: LiveTurn, stage: TurnEvents['stage'], now: number): Partial<LiveTurn> {
  const progress = {
    name: stage.name,
    from: stage.elapsedMs,
    usualMs: stage.usualMs,
    ahead: stage.ahead,
    note: stage.note,
  }
  const last = turn.stages.at(-1)
  // A repeated stage updates the place in the queue; it does not start again.
  const stages =
    last?.name === progress.name
      ? [...turn.stages.slice(0, -1), { ...progress, from: last.from }]
      : [...turn.stages, progress]
  return { stages, acceptedAt: now - stage.elapsedMs }
}

function withTool(tools: ToolCall[], tool: ToolCall): ToolCall[] {
  const at = tools.findIndex((known) => known.id === tool.id)
  return at < 0 ? [...tools, tool] : tools.map((known, here) => (here === at ? { ...known, ...tool } : known))
}

function pendingTurn(): LiveTurn {
  return { text: '', stages: [], acceptedAt: Date.now(), tools: [], status: 'pending', connection: 'open' }
}

/** Follows a turn until its end. Does nothing if it is followed already. */
export function followTurn(id: string, chat: string): void {
  if (activeTurns.has(id)) return
  const turn: ActiveTurn = { latest: pendingTurn(), rendered: pendingTurn(), abort: new AbortController() }
  activeTurns.set(id, turn)
  notifyListeners()
  void followEvents({
    url: `/api/turns/${id}/events`,
    signal: turn.abort.signal,
    onEvent: ({ name, data }) => {
      update(turn, applyEvent(turn.latest, name, JSON.parse(data), Date.now()))
      if (name !== 'done' && name !== 'error') return undefined
      flush(turn)
      void replaceByStored(id, chat)
      return 'end'
    },
    onConnectionChange: (connection) => {
      if (connection !== turn.latest.connection) update(turn, { connection })
    },
    // The turn was deleted, or the session changed: the page reads the stored turns again.
    onRejected: () => void replaceByStored(id, chat),
  })
}

/** Replaces the live turn by the stored one. */
async function replaceByStored(id: string, chat: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: queries.chat(chat).queryKey })
  void queryClient.invalidateQueries({ queryKey: queries.chats.queryKey })
  void queryClient.invalidateQueries({ queryKey: queries.container.queryKey })
  notifyOtherTabs('chat', chat)
  const turn = activeTurns.get(id)
  if (turn) clearTimeout(turn.timer)
  activeTurns.delete(id)
  notifyListeners()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLiveTurn(id: string): LiveTurn | undefined {
  return useSyncExternalStore(subscribe, () => activeTurns.get(id)?.rendered)
}
