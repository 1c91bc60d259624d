/**
 * Every shape that crosses the wire, by the names the UI uses. They come from the OpenAPI document
 * (`npm run gen`); where it says less than the server does, it is said here. Nothing else in the UI
 * describes what the server sends. Times are ISO 8601 texts in UTC.
 */
import type { components, paths } from './schema'

type S = components['schemas']
/** A shape of the document, with some of its fields told more exactly. */
type But<Shape, Fields> = Omit<Shape, keyof Fields> & Fields

/** Every address of the document, with any text where it has a `{parameter}`. */
export type Path = Filled<keyof paths & string>
type Filled<Pattern extends string> = Pattern extends `${infer Before}{${string}}${infer Behind}`
  ? `${Before}${string}${Filled<Behind>}`
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

export type TestFailure = S['ProviderFailure']

export type StepReport = S['TestStepReport']

/** What testing something typed answers with. */
export type TestReport = S['TestReport']

/** What is kept of the last test of a saved provider. */
export type LastTest = S['LastTest']

export type Provider = S['Provider']

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

export type Usage = S['TokenUsage']

export type Tool = S['ToolCard']

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
  tool: Tool
  usage: Usage
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

export type Attempt = S['JobAttempt']

export type Phase = S['JobPhase']

export type JobDetail = S['JobDetail']

export type JobFilter = S['JobFilter']

export type JobStats = S['JobStats']

export type Spread = S['JobSpread']

/** One event of the board: the numbers now, and which jobs changed. */
export type JobChanges = S['JobChanges']

export type Lane = S['Lane']

export type Worker = But<S['Worker'], { state: 'alive' | 'stopped' | 'silent' }>

export type Schedule = S['Schedule']

/** What came of acting on several jobs at once. */
export type Acted = S['JobsActed']

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

/** A person's container as an admin sees it: how it is, never what is in it. */
export type FleetContainer = S['FleetContainer']

/** One of the instance's own agents. */
export type SystemContainer = S['SystemContainer']

export type Budget = S['FleetBudget']

export type FleetPage = S['FleetPage']

export type SelfTest = S['SelfTest']

/** One attempt to get somewhere from inside an agent's container. */
export type SelfTestCheck = S['IsolationCheck']

export type Export = S['Export']

export type Finding = S['Finding']

export type NewFinding = S['NewFinding']

/** A piece of a text that was found, and whether it is what was searched for. */
export type Piece = S['SnippetPart']

export type FoundFinding = S['FindingMatch']

export interface Found<Item> {
  items: Item[]
  mode: S['SearchMode']
  note?: string | null
}

/** What an agent keeps under a name. */
export type Memory = S['Memory']

export type MemoryVersion = S['MemoryVersion']

export type Conversation = S['Conversation']

export type ConversationMessage = S['ConversationMessage']

export type ConversationPage = S['ConversationWithMessages']

export type FoundMessage = S['ConversationHit']

export type Imported = S['ConversationsImported']

export type KnowledgeStatus = S['KnowledgeStatus']

/** Where the meaning of a text is worked out. */
export type Embeddings = Required<But<S['Embeddings'], { apiKey: S['ShownKey'] | string }>>

/** A part of the settings. */
export type KnowledgeSettings = Required<But<S['KnowledgeSettings'], { embeddings: Embeddings }>>

export type AuditEntry = S['AuditEntry']
