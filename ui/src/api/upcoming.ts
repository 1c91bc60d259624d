/**
 * Shapes of routes that the OpenAPI document does not have yet. Each goes away as soon as `schema.d.ts`
 * brings it; nothing but shapes and addresses stands here.
 */

/** Addresses beside those of the document. */
export type UpcomingPath =
  | '/api/fleet/containers'
  | `/api/fleet/containers/${string}/${'stop' | 'restart'}`
  | '/api/fleet/self-test'
  | '/api/me'
  | '/api/me/export'
  | '/api/me/export/download'
  | '/api/findings'
  | `/api/findings/${string}`
  | '/api/memory'
  | `/api/memory/${string}`
  | '/api/conversations'
  | `/api/conversations/${string}`
  | '/api/knowledge/status'

/** A person's container as an admin sees it: how it is, never what is in it. */
export interface FleetContainer {
  id: string
  user: { id: string; username: string }
  desired: 'running' | 'paused' | 'stopped'
  state: string
  since: string
  idleSeconds: number | null
  startedAt: string | null
  lastUsedAt: string | null
  image: string | null
  outdated: boolean
  memory: { usedBytes: number | null; limitBytes: number }
  limits: { memoryMib?: number; cpuMillis?: number; pids?: number; diskMib?: number }
  /** What it gets at its next start, where that is something else. */
  nextLimits?: FleetContainer['limits'] | null
  restarts: number
  /** One plain sentence where it failed or waits. */
  reason: string | null
}

/** What the host gives to agents, and how much of it is taken. */
export interface Budget {
  /** `null` while no worker has told of the host. */
  totalBytes: number | null
  reservedBytes: number
  running: number
}

export interface FleetPage {
  items: FleetContainer[]
  nextCursor?: string
  budget: Budget
}

/** One attempt to get somewhere from inside an agent's container. */
export interface SelfTestCheck {
  name: string
  from: string
  target: string
  tried: string
  expected: 'denied' | 'allowed'
  outcome: 'denied' | 'allowed' | 'unknown'
  /** How it was shown that the target would have answered. */
  proof: string
  passed: boolean
}

export interface SelfTest {
  jobId: string
  state: 'running' | 'done' | 'failed'
  startedAt: string
  finishedAt: string | null
  enforced: boolean | null
  summary: string
  checks: SelfTestCheck[]
}

export interface Export {
  jobId: string
  state: 'running' | 'ready' | 'failed'
  sizeBytes: number | null
  createdAt: string
  expiresAt: string | null
  detail: string | null
}

/** What `GET /api/container` says beyond the document. */
export interface ContainerMore {
  idleStopAfterSeconds?: number | null
  image?: string | null
  reason?: string | null
}

export interface UserMore {
  /** `null`: the instance's own. */
  idleTimeoutSeconds?: number | null
}

export interface Finding {
  id: string
  title: string | null
  content: string
  tags: string[]
  source: {
    kind: 'person' | 'agent' | 'chat'
    chatId: string | null
    turnId: string | null
    agentId: string | null
  }
  similar: { id: string; title: string | null; score: number }[]
  expiresAt: string | null
  createdAt: string
  updatedAt: string
}

export interface NewFinding {
  title?: string | null
  content: string
  tags?: string[]
  /** `null`: for ever. */
  ttlSeconds?: number | null
}

/** A piece of a text that was found, and whether it is what was searched for. */
export interface Piece {
  text: string
  hit: boolean
}

interface Hit {
  score: number
  matchedBy: ('text' | 'meaning')[]
  snippet: Piece[]
}

export type FoundFinding = Finding & Hit

export interface Found<Item> {
  items: Item[]
  mode: 'hybrid' | 'text'
  note: string | null
}

/** What an agent keeps under a name. */
export interface Memory {
  key: string
  value: unknown
  version: number
  expiresAt: string | null
  updatedAt: string
}

export interface MemoryVersion {
  version: number
  /** `null`: it was forgotten. */
  value: unknown
  at: string
  by: 'person' | 'agent'
}

export interface Conversation {
  id: string
  title: string
  agentId: string | null
  chatId: string | null
  sessionKey: string
  startedAt: string
  lastAt: string
  messages: number
}

export interface ConversationMessage {
  id: string
  entryId: string
  role: 'user' | 'assistant' | 'tool'
  text: string
  toolName: string | null
  at: string
  turnId: string | null
}

export interface ConversationPage extends Conversation {
  items: ConversationMessage[]
  nextCursor?: string
}

export interface FoundMessage extends Hit {
  conversationId: string
  title: string
  messageId: string
  role: ConversationMessage['role']
  at: string
  agentId: string | null
  chatId: string | null
  turnId: string | null
}

export interface Imported {
  conversations: number
  added: number
  known: number
  skipped: { line: number; why: string }[]
}

export interface KnowledgeStatus {
  embedding: {
    state: 'ready' | 'unavailable' | 'off'
    model: string | null
    dimensions: number | null
    detail: string | null
  }
  pending: number
  total: number
}

/** Where the meaning of a text is worked out. */
export interface Embeddings {
  source: 'builtin' | 'endpoint' | 'off'
  baseUrl: string | null
  model: string | null
  /** A text only where it was typed and not yet sent: the key itself is never read back. */
  apiKey: { set: boolean; endsIn: string } | string
}

/** A part of the settings. */
export interface KnowledgeSettings {
  embeddings: Embeddings
  textSearchLanguage: string
}
