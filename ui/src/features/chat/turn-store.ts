/**
 * The turns that are being answered. Lives outside React: changing pages does not stop an answer, and a
 * token does not render a page. Every follower sees the same turn.
 */
import { useSyncExternalStore } from 'react'
import { q, queryClient } from '@/api/queries'
import { tellTabs } from '@/api/tabs'
import type { Stage, Tool, TurnError, TurnEvents, TurnStatus, Usage } from '@/api/types'
import { follow } from '@/lib/sse'

export interface StageSeen {
  name: Stage
  /** Milliseconds after the message was accepted. */
  from: number
  usualMs?: number
  ahead?: number
  note?: string
}

export interface LiveTurn {
  text: string
  stages: StageSeen[]
  /** This page's clock when the message was accepted. */
  acceptedAt: number
  tools: Tool[]
  usage?: Usage
  /** What the agent is likely doing while nothing comes. */
  waiting?: string
  error?: TurnError
  status: TurnStatus
  line: 'open' | 'lost'
}

/** How often a page is told of new text. */
const FLUSH_MS = 50

interface Entry {
  now: LiveTurn
  shown: LiveTurn
  timer?: ReturnType<typeof setTimeout>
  abort: AbortController
}

const entries = new Map<string, Entry>()
const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of listeners) listener()
}

function flush(entry: Entry): void {
  clearTimeout(entry.timer)
  entry.timer = undefined
  entry.shown = entry.now
  tell()
}

function change(entry: Entry, next: Partial<LiveTurn>): void {
  entry.now = { ...entry.now, ...next }
  entry.timer ??= setTimeout(() => flush(entry), FLUSH_MS)
}

export function isFinal(status: TurnStatus): boolean {
  return status !== 'pending' && status !== 'running'
}

/** What one event makes of a turn. Pure. */
export function apply(turn: LiveTurn, name: string, data: unknown, now: number): Partial<LiveTurn> {
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
      return { tools: withTool(turn.tools, data as Tool), status: 'running', waiting: undefined }
    case 'usage':
      return { usage: data as Usage }
    case 'done':
      return { status: (data as TurnEvents['done']).status, waiting: undefined }
    case 'error':
      return { status: 'failed', error: data as TurnError, waiting: undefined }
    default:
      return {}
  }
}

function withStage(turn: LiveTurn, stage: TurnEvents['stage'], now: number): Partial<LiveTurn> {
  const seen = {
    name: stage.name,
    from: stage.elapsedMs,
    usualMs: stage.usualMs,
    ahead: stage.ahead,
    note: stage.note,
  }
  const last = turn.stages.at(-1)
  // The same step told again brings news of the queue, not a new beginning.
  const stages =
    last?.name === seen.name
      ? [...turn.stages.slice(0, -1), { ...seen, from: last.from }]
      : [...turn.stages, seen]
  return { stages, acceptedAt: now - stage.elapsedMs }
}

function withTool(tools: Tool[], tool: Tool): Tool[] {
  const at = tools.findIndex((known) => known.id === tool.id)
  return at < 0 ? [...tools, tool] : tools.map((known, here) => (here === at ? { ...known, ...tool } : known))
}

function blank(): LiveTurn {
  return { text: '', stages: [], acceptedAt: Date.now(), tools: [], status: 'pending', line: 'open' }
}

/** Follows a turn until its end, once, however many ask. */
export function followTurn(id: string, chat: string): void {
  if (entries.has(id)) return
  const entry: Entry = { now: blank(), shown: blank(), abort: new AbortController() }
  entries.set(id, entry)
  tell()
  void follow({
    url: `/api/turns/${id}/events`,
    signal: entry.abort.signal,
    onEvent: ({ name, data }) => {
      change(entry, apply(entry.now, name, JSON.parse(data), Date.now()))
      if (name !== 'done' && name !== 'error') return undefined
      flush(entry)
      void settle(id, chat)
      return 'end'
    },
    onLine: (line) => {
      if (line !== entry.now.line) change(entry, { line })
    },
    // Deleted meanwhile, or somebody else's session: the page reads again what there is.
    onRefused: () => void settle(id, chat),
  })
}

/** The stored turn takes over from the live one. */
async function settle(id: string, chat: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: q.chat(chat).queryKey })
  void queryClient.invalidateQueries({ queryKey: q.chats.queryKey })
  void queryClient.invalidateQueries({ queryKey: q.container.queryKey })
  tellTabs('chat', chat)
  const entry = entries.get(id)
  if (entry) clearTimeout(entry.timer)
  entries.delete(id)
  tell()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLiveTurn(id: string): LiveTurn | undefined {
  return useSyncExternalStore(subscribe, () => entries.get(id)?.shown)
}
