/** Sample responses for the screenshots. */
import type {
  Conversation,
  ConversationPage,
  Finding,
  FleetPage,
  KnowledgeStatus,
  Memory,
  MessageMatch,
  SearchResults,
  SelfTest,
  SelfTestCheck,
  SystemContainer,
} from '../../src/api/types'

const GIB = 1024 ** 3
const before = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

const container = (
  username: string,
  state: FleetPage['items'][number]['state'],
  more: Partial<FleetPage['items'][number]> = {},
): FleetPage['items'][number] => ({
  id: `ctr_${username}`,
  user: { id: `usr_${username}`, username, system: username === 'help-desk' },
  desired: state === 'stopped' ? 'stopped' : 'running',
  state,
  since: before(42),
  idleSeconds: state === 'ready' ? 0 : null,
  startedAt: before(42),
  lastUsedAt: before(2),
  image: 'mosaic-agent:2026.9.6',
  outdated: false,
  memory: { usedBytes: state === 'ready' ? 0.7 * GIB : null, limitBytes: 2 * GIB },
  limits: { memoryMib: 2048, cpuMillis: 2000, pids: 512, diskMib: 0 },
  restarts: 0,
  reason: null,
  ...more,
})

export const fleet: FleetPage = {
  items: [
    container('maya', 'ready', { idleSeconds: null }),
    container('ben', 'ready', { idleSeconds: 754, outdated: true, restarts: 2 }),
    container('cleo', 'starting', { since: before(0.1), memory: { usedBytes: null, limitBytes: 2 * GIB } }),
    container('dinah', 'failed', {
      restarts: 5,
      reason:
        'It ran out of memory (2 GiB) three times in a row. Give it more in the settings, then restart it.',
    }),
    container('help-desk', 'ready', { idleSeconds: 61 }),
    container('emil', 'stopped', { since: before(60 * 26), image: 'mosaic-agent:2026.8.2', outdated: true }),
  ],
  budget: { totalBytes: 12 * GIB, reservedBytes: 6 * GIB, running: 3 },
}

const check = (name: string, target: string, more: Partial<SelfTestCheck> = {}): SelfTestCheck => ({
  name,
  from: 'open network',
  target,
  tried: 'TCP, no answer within 2 s',
  expected: 'denied',
  outcome: 'denied',
  proof: 'Answered when asked from the host',
  passed: true,
  ...more,
})

const checks = [
  check('Another user’s container', '10.77.0.18:18789'),
  check('A port of this host', '10.77.0.1:5432'),
  check('A link-local address', '169.254.169.254:80'),
  check('A machine of the local network', '192.168.7.2:80', {
    outcome: 'unknown',
    proof: 'No responder could be started here: it needs root',
    passed: false,
  }),
  check('Mosaic’s internal listener for agents', '10.77.0.1:8081', {
    expected: 'allowed',
    outcome: 'allowed',
    tried: 'TCP, answered in 1 ms',
  }),
]

const own = (name: string, more: Partial<SystemContainer> = {}): SystemContainer => ({
  id: `usr_${name}`,
  name,
  purpose: '',
  madeBy: 'maya',
  createdAt: before(9000),
  disabledAt: null,
  containerId: `ctr_${name}`,
  state: 'ready',
  lastUsedAt: before(1),
  idleStopAfterSeconds: 1800,
  ...more,
})

export const systemContainers: { items: SystemContainer[] } = {
  items: [
    own('ci-bot', {
      purpose: 'Reviews what is merged at night and writes the notes of the release',
      state: 'stopped',
      lastUsedAt: before(60 * 9),
    }),
    own('help-desk', { purpose: 'Answers questions about orders', idleStopAfterSeconds: 0 }),
    own('household', { state: 'absent', containerId: null, lastUsedAt: null, disabledAt: before(5) }),
  ],
}

export const selfTest: SelfTest = {
  jobId: 'job_1',
  state: 'done',
  startedAt: before(9),
  finishedAt: before(8),
  enforced: true,
  summary: '16 forbidden targets are denied, 4 allowed ones answer.',
  checks: checks.map((one) => ({
    ...one,
    outcome: one.expected,
    passed: true,
    proof: one.passed ? one.proof : 'Answered when asked from the host',
  })),
}

export const notEnforced: SelfTest = {
  ...selfTest,
  enforced: false,
  summary: 'The guard does not run on this host.',
  checks: checks.map((one, at) =>
    at === 1 ? { ...one, outcome: 'allowed', passed: false, tried: 'TCP, answered in 1 ms' } : one,
  ),
}

export const exported = {
  jobId: 'job_1',
  state: 'ready',
  sizeBytes: 4.2 * 1024 ** 2,
  createdAt: before(3),
  expiresAt: before(-24 * 60),
  detail: null,
}

export const status: KnowledgeStatus = {
  embedding: { state: 'ready', model: 'all-MiniLM-L6-v2', dimensions: 384, detail: null },
  pending: 38,
  total: 412,
}

const finding = (
  id: string,
  title: string | null,
  content: string,
  more: Partial<Finding> = {},
): Finding => ({
  id: `fnd_${id}`,
  title,
  content,
  tags: [],
  source: { kind: 'agent', chatId: null, turnId: null, agentId: null },
  similar: [],
  expiresAt: null,
  createdAt: before(300),
  updatedAt: before(300),
  ...more,
})

export const findings: { items: Finding[] } = {
  items: [
    finding(
      '1',
      'The nightly sync is slow because of one index',
      'Dropping the index on events(created_at) before the import and making it again afterwards takes the run from 94 to 11 minutes.',
      {
        tags: ['sync', 'postgres'],
        source: { kind: 'chat', chatId: 'cht_1', turnId: 'trn_1', agentId: null },
        similar: [{ id: 'fnd_2', title: 'Imports and indexes', score: 0.91 }],
        updatedAt: before(4),
      },
    ),
    finding(
      '2',
      null,
      'The invoice of the hosting company comes on the 3rd of each month and is due on the 17th.',
      { tags: ['office'], source: { kind: 'person', chatId: null, turnId: null, agentId: null } },
    ),
    finding(
      '3',
      'Train to Lisbon',
      'The night train does not run any more. By day: Madrid, Badajoz, Entroncamento, 10 h 40 min.',
      { tags: ['travel'], expiresAt: before(-60 * 24 * 12) },
    ),
  ],
}

export const foundFindings = {
  items: [
    {
      ...findings.items[0],
      score: 0.03,
      matchedBy: ['text', 'meaning'],
      snippet: [
        { text: 'Dropping the ', hit: false },
        { text: 'index', hit: true },
        {
          text: ' on events(created_at) before the import and making it again afterwards takes the run from 94 to 11 minutes.',
          hit: false,
        },
      ],
    },
  ],
  mode: 'hybrid',
  note: null,
}

const memory = (key: string, value: unknown): Memory => ({
  key,
  value,
  version: 3,
  expiresAt: null,
  updatedAt: before(70),
})

export const memories: { items: Memory[] } = {
  items: [
    memory('user.address', 'Mrs Okafor, in writing; Maya when we talk'),
    memory('project.atlas.milestones', { beta: '2026-12-01', release: '2027-01-15' }),
    memory('tone', 'Short answers. No bullet points for three items or fewer.'),
  ],
}

const conversation = (id: string, title: string, more: Partial<Conversation> = {}): Conversation => ({
  id: `cnv_${id}`,
  title,
  agentId: null,
  chatId: `cht_${id}`,
  sessionKey: `agent:main:${id}`,
  startedAt: before(500),
  lastAt: before(480),
  messages: 14,
  ...more,
})

export const conversations: { items: Conversation[] } = {
  items: [
    conversation('1', 'Why did the nightly sync slow down?', { lastAt: before(4) }),
    conversation('2', 'Draft: incident review for the import', { messages: 31 }),
    conversation('3', 'Notes from the old laptop', {
      chatId: null,
      messages: 220,
      lastAt: before(60 * 24 * 40),
    }),
  ],
}

export const foundMessages: SearchResults<MessageMatch> = {
  items: (['user', 'assistant', 'tool'] as const).map((role, at) => ({
    conversationId: 'cnv_1',
    title: 'Why did the nightly sync slow down?',
    messageId: `msg_${at + 1}`,
    role,
    at: before(5 - at),
    agentId: null,
    chatId: 'cht_1',
    turnId: `trn_${at}`,
    score: 0.03,
    matchedBy: ['text'],
    snippet: [
      { text: at === 2 ? 'explain analyze: ' : 'Since Tuesday every insert keeps the ', hit: false },
      { text: 'index', hit: true },
      {
        text:
          at === 2 ? ' scan on events_created_at, 81 s' : ' of events up to date, which is most of the time.',
        hit: false,
      },
    ],
  })),
  mode: 'hybrid',
  note: null,
}

export const conversationPage: ConversationPage = {
  ...conversation('1', 'Why did the nightly sync slow down?'),
  items: [
    {
      id: 'msg_1',
      entryId: 'e1',
      role: 'user',
      text: 'Why did the nightly sync slow down?',
      toolName: null,
      at: before(6),
      turnId: null,
    },
    {
      id: 'msg_3',
      entryId: 'e2',
      role: 'tool',
      text: 'Index Scan using events_created_at on events  (actual time=81233.1)',
      toolName: 'exec',
      at: before(5),
      turnId: null,
    },
    {
      id: 'msg_2',
      entryId: 'e3',
      role: 'assistant',
      text: 'Since Tuesday every insert keeps the index of events up to date, which is most of the time.\n\nDrop it before the import and make it again afterwards.',
      toolName: null,
      at: before(5),
      turnId: null,
    },
  ],
}
