/**
 * Every shape that crosses the wire, by the names the UI uses. They come from the OpenAPI document
 * (`npm run gen`); where it says less than the server does, it is said here. Nothing else in the UI
 * describes what the server sends. Times are ISO 8601 texts in UTC.
 */
import type { components } from './schema'

type S = components['schemas']
/** A shape of the document, with some of its fields told more exactly. */
type But<Shape, Fields> = Omit<Shape, keyof Fields> & Fields

export interface Items<T> {
  items: T[]
  nextCursor?: string
}

export interface Problem {
  title?: string
  status: number
  code: string
  detail?: string
  requestId?: string
  errors?: { field: string; message: string }[]
}

export type Role = S['Role']

export type Me = But<S['Me'], { role: Role }>

export type Version = S['Version']

/** Parts that only a signed-in person is told are `false` for everybody else. */
export type Onboarding = S['Onboarding']

export type Methods = S['Methods']

export type Session = S['Session']

export type Scope = 'chat' | 'knowledge' | 'jobs'

export type Token = But<S['ApiToken'], { scopes: Scope[] }>

export type TokenMade = S['ApiTokenMade']

export type CatalogEntry = S['CatalogEntry']

export type Model = S['Model']

export type OfferedModel = S['ModelInfo']

export type ProviderModels = S['ProviderModels']

export type TestStep = S['TestStep']
export type TestStatus = S['TestStepStatus']

/** The sentences stand beside it only where the server keeps them with a test. */
export type TestFailure = S['ProviderFailure'] & { title?: string; nextStep?: string }

export type StepReport = But<S['TestStepReport'], { failure?: TestFailure | null }>

/** What testing something typed answers with. */
export type TestReport = But<S['TestReport'], { steps: StepReport[] }>

/** What is kept of the last test of a saved provider. */
export interface LastTest {
  at: string
  ok: boolean
  failure: { code: string; title: string; nextStep: string } | null
  steps: StepReport[]
}

export type Provider = But<S['Provider'], { lastTest?: LastTest }>

export type NewProvider = S['NewProvider']

export type ProviderPatch = S['ProviderChanges']

export type Enqueued = S['Enqueued']

export type ProviderSaved = S['ProviderSaved']

export type Personality = Required<S['Personality']>

export type AgentTool = S['AgentTool']

export type Skill = S['Skill']

export type Agent = But<S['Agent'], { personality: Personality }>

export type NewAgent = S['NewAgent']

export type Container = But<
  S['ContainerStatus'],
  { failure?: { code: string; title: string; detail: string } | null }
>

export interface CurrentContainer {
  container?: Container | null
}

export type Chat = S['Chat']

export type TurnStatus = S['TurnStatus']

export type TurnError = S['ErrorText']

export interface Usage {
  inputTokens: number
  outputTokens: number
}

export interface Tool {
  id: string
  name: string
  arguments?: unknown
  result?: string
  status?: 'running' | 'done' | 'failed'
}

export type Turn = But<S['Turn'], { error?: TurnError; usage?: Usage; tools: Tool[] }>

export interface ChatWithTurns extends Chat {
  turns: Turn[]
}

export type Stage = S['Stage']

/** The events of a turn, by the name of the server-sent event. */
export interface TurnEvents {
  stage: { name: Stage; elapsedMs: number; usualMs?: number; ahead?: number; note?: string }
  waiting: { silentMs: number; detail: string }
  delta: { text: string }
  snapshot: { text: string }
  tool: Tool
  usage: Usage
  done: { status: TurnStatus }
  error: TurnError
}

export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'dead', 'cancelled'] as const
export type JobState = (typeof JOB_STATES)[number]

export interface Job {
  id: string
  kind: string
  lane: string
  /** Whose it is; null for Mosaic's own work. */
  owner?: string | null
  state: JobState
  attempt: number
  maxAttempts: number
  progress?: number
  lastError?: string
  cancelRequestedAt?: string
  dueAt: string
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}

export interface Attempt {
  attempt: number
  worker?: string
  startedAt: string
  finishedAt: string | null
  outcome: string
  error?: string
}

export interface Phase {
  attempt: number
  name: string
  startedAt: string
  finishedAt: string | null
}

export interface JobDetail extends Job {
  attempts: Attempt[]
  phases: Phase[]
  /** Why it has not started; only while it waits. */
  waits?: { code: string; sentence: string } | null
}

export interface JobFilter {
  /** States, separated by commas. */
  state?: string
  kind?: string
  lane?: string
  q?: string
}

export interface JobStats {
  counts: { state: JobState; lane: string; count: number; more: boolean }[]
  /** One point a minute of the last hour, oldest first. */
  throughput: { minute: string; done: number; failed: number; cancelled: number }[]
  /** Per lane; `null` is all of them together. */
  times: { lane: string | null; waitMs: Spread; runMs: Spread }[]
}

export interface Spread {
  p50: number
  p95: number
}

/** One event of the board: the numbers now, and which jobs changed. */
export interface JobChanges {
  changed: string[]
  more: boolean
  stats: JobStats
}

export interface Lane {
  name: string
  pausedAt: string | null
  /** Null: as many as the workers together allow. */
  concurrency: number | null
  slots: number
  running: number
  ready: number
  later: number
  oldestDue: string | null
}

export interface Worker {
  id: string
  host: string
  pid: number
  version: string
  state: 'alive' | 'stopped' | 'silent'
  lanes: { lane: string; slots: number; busy: number }[]
  startedAt: string
  lastSeen: string
  stoppedAt: string | null
}

export interface Schedule {
  name: string
  kind: string
  cron: string
  enabled: boolean
  nextDue: string | null
  lastDue: string | null
  lastRun: string | null
  lastJob: string | null
  lastState: string | null
}

/** What came of acting on several jobs at once. */
export interface Acted {
  matched: number
  changed: number
  /** Whether the filter takes in more than one call moves. */
  more: boolean
}

export type AllowedHost = S['AllowedHost']

/** Everything an admin can set; the version travels in the ETag. What a newer server adds is kept as it is. */
export type Settings = Required<S['Settings']> & Record<string, unknown>

export interface Versioned<T> {
  value: T
  version: string
}

export type OidcSettings = But<
  S['OidcSettings'],
  Partial<But<S['OidcProvider'], { clientSecret: { set: boolean } }>>
>

export type OidcDraft = S['NewOidc']

export type OidcReport = S['OidcReport']

export type User = S['User']

export type AuditEntry = S['AuditEntry']
