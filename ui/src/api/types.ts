/**
 * The types of the HTTP API, by the names that the UI uses. They come from the OpenAPI document (`npm run gen`); where it
 * is less exact than the server, the fields are overridden here. Times are ISO 8601 strings in UTC.
 */
import type { components, paths } from './schema'

type S = components['schemas']
/** A schema with some of its fields replaced by more exact types. */
type Override<Schema, Fields> = Omit<Schema, keyof Fields> & Fields

/** Every path of the document, with any string in place of a `{parameter}`. */
export type Path = WithParameters<keyof paths & string>
type WithParameters<Pattern extends string> = Pattern extends `${infer Before}{${string}}${infer Rest}`
  ? `${Before}${string}${WithParameters<Rest>}`
  : Pattern

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

export type Me = Override<S['Me'], { role: Role }>

export type Version = S['Version']

/** Steps that only a signed-in user may see are `false` for everyone else. */
export type Onboarding = S['Onboarding']

export type SignInMethods = S['Methods']

export type Session = S['Session']

export type Scope = 'chat' | 'knowledge' | 'jobs'

export type Token = Override<S['ApiToken'], { scopes: Scope[] }>

export type CreatedToken = S['ApiTokenMade']

export type CatalogEntry = S['CatalogEntry']

export type Model = S['Model']

export type ProviderModel = S['ModelInfo']

export type ProviderModels = S['ProviderModels']

export type TestStep = S['TestStep']
export type TestStatus = S['TestStepStatus']

export type TestFailure = S['ProviderFailure']

export type StepReport = S['TestStepReport']

/** The result of testing a provider that is not saved. */
export type TestReport = S['TestReport']

export type LastTest = S['LastTest']

export type Provider = S['Provider']

export type NewProvider = S['NewProvider']

export type ProviderChanges = S['ProviderChanges']

export type Enqueued = S['Enqueued']

export type ProviderSaved = S['ProviderSaved']

export type Personality = Required<S['Personality']>

export type AgentTool = S['AgentTool']

export type Skill = S['Skill']

export type Agent = Override<S['Agent'], { personality: Personality }>

export type NewAgent = S['NewAgent']

export type Container = Override<
  S['ContainerStatus'],
  { failure?: { code: string; title: string; detail: string } | null }
>

export interface CurrentContainer {
  container?: Container | null
}

export type Chat = S['Chat']

export type TurnStatus = S['TurnStatus']

export type TurnError = S['ErrorText']

export type TokenUsage = S['TokenUsage']

export type ToolCall = S['ToolCard']

export type Turn = S['Turn']

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
  tool: ToolCall
  usage: TokenUsage
  done: { status: TurnStatus }
  error: TurnError
}

export const JOB_STATES = [
  'queued',
  'running',
  'done',
  'failed',
  'dead',
  'cancelled',
] as const satisfies S['JobState'][]
export type JobState = S['JobState']

export type Job = S['Job']

export type JobAttempt = S['JobAttempt']

export type JobPhase = S['JobPhase']

export type JobDetail = S['JobDetail']

export type JobFilter = S['JobFilter']

export type JobStats = S['JobStats']

export type Percentiles = S['JobSpread']

/** An event of the jobs page: the current statistics, and which jobs changed. */
export type JobChanges = S['JobChanges']

export type Lane = S['Lane']

export type Worker = Override<S['Worker'], { state: 'alive' | 'stopped' | 'silent' }>

export type Schedule = S['Schedule']

/** The outcome of an action on several jobs. */
export type BulkResult = S['JobsActed']

export type AllowedHost = S['AllowedHost']

/** The version is in the ETag. Settings that a newer server adds are kept as they are. */
export type Settings = Required<S['Settings']> & Record<string, unknown>

export interface Versioned<T> {
  value: T
  version: string
}

export type OidcSettings = Override<
  S['OidcSettings'],
  Partial<Override<S['OidcProvider'], { clientSecret: { set: boolean } }>>
>

export type OidcDraft = S['NewOidc']

export type OidcReport = S['OidcReport']

export type User = S['User']

/** A user's container as an admin sees it: its state, never its contents. */
export type FleetContainer = S['FleetContainer']

/** One of the instance's own agents. */
export type SystemContainer = S['SystemContainer']

export type Budget = S['FleetBudget']

export type FleetPage = S['FleetPage']

export type SelfTest = S['SelfTest']

/** One attempt to reach a target from inside an agent's container. */
export type SelfTestCheck = S['IsolationCheck']

export type Export = S['Export']

export type Finding = S['Finding']

export type NewFinding = S['NewFinding']

/** A part of a snippet, and whether it matches the query. */
export type SnippetPart = S['SnippetPart']

export type FindingMatch = S['FindingMatch']

export interface SearchResults<Item> {
  items: Item[]
  mode: S['SearchMode']
  note?: string | null
}

/** An entry of an agent's memory. */
export type Memory = S['Memory']

export type MemoryVersion = S['MemoryVersion']

export type Conversation = S['Conversation']

export type ConversationMessage = S['ConversationMessage']

export type ConversationPage = S['ConversationWithMessages']

export type MessageMatch = S['ConversationHit']

export type ImportResult = S['ConversationsImported']

export type KnowledgeStatus = S['KnowledgeStatus']

/** Where embeddings for the search by meaning come from. */
export type Embeddings = Required<Override<S['Embeddings'], { apiKey: S['ShownKey'] | string }>>

export type KnowledgeSettings = Required<Override<S['KnowledgeSettings'], { embeddings: Embeddings }>>

export type AuditEntry = S['AuditEntry']
