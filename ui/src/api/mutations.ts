/** What is written to the server, and what has to be read again because of it. */
import { ApiError, api, freshKey, send } from './client'
import { once } from './once'
import { q, queryClient } from './queries'
import type * as T from './types'

type Key = readonly unknown[]

/** Does `work`, then marks what it changed as stale. */
async function changing<R>(work: Promise<R>, ...keys: Key[]): Promise<R> {
  const result = await work
  await Promise.all(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey })))
  return result
}

const ifMatch = (version: number | string) => ({
  headers: { 'if-match': typeof version === 'number' ? `"${version}"` : version },
})

export const onboarding = {
  breakglass: (body: { username: string; password: string }, setupToken: string) =>
    api.post('/api/onboarding/breakglass', body, { headers: { 'x-setup-token': setupToken } }),
  skipOidc: () => changing(api.post('/api/onboarding/oidc', { skip: true }), ['onboarding']),
  oidc: (body: { issuer: string; clientId: string; clientSecret: string }) =>
    changing(api.post('/api/onboarding/oidc', body), ['onboarding'], ['oidc'], ['methods']),
  provider: (body: T.NewProvider) => once<T.ProviderSaved>('/api/onboarding/provider', body),
  agent: (body: T.NewAgent) => changing(once('/api/onboarding/agent', body), ['onboarding'], ['agents']),
  complete: () => changing(api.post('/api/onboarding/complete'), ['onboarding']),
}

export const auth = {
  login: (body: { username: string; password: string }) => api.post<T.Me>('/api/auth/login', body),
  /** Answers with where the identity provider wants to end its own session, if it does. */
  logout: () => api.post<{ redirectTo?: string | null } | undefined>('/api/auth/logout'),
  endSession: (id: string) => changing(api.delete(`/api/auth/sessions/${id}`), ['sessions']),
  createToken: (body: { name: string; scopes: T.Scope[]; expiresInDays?: number }) =>
    changing(once<T.TokenMade>('/api/tokens', body), ['tokens']),
  revokeToken: (id: string) => changing(api.delete(`/api/tokens/${id}`), ['tokens']),
  changeBreakglassPassword: (body: { current: string; new: string }) =>
    changing(api.post('/api/settings/breakglass/password', body), ['sessions']),
}

export const providers = {
  create: (body: T.NewProvider) => changing(once<T.Provider>('/api/providers', body), ['providers']),
  change: (id: string, version: number, body: T.ProviderPatch) =>
    changing(api.patch<T.Provider>(`/api/providers/${id}`, body, ifMatch(version)), ['providers']),
  remove: (id: string) => changing(api.delete(`/api/providers/${id}`), ['providers']),
  testTyped: (body: T.NewProvider, signal?: AbortSignal) =>
    api.post<T.TestReport>('/api/providers/test', body, { signal }),
  test: (id: string) => api.post<T.Enqueued>(`/api/providers/${id}/test`),
}

export const agents = {
  create: (body: T.NewAgent) => changing(once<T.Agent>('/api/agents', body), ['agents']),
  change: (id: string, version: number, body: Partial<T.NewAgent>) =>
    changing(api.patch<T.Agent>(`/api/agents/${id}`, body, ifMatch(version)), ['agents']),
  remove: (id: string) => changing(api.delete(`/api/agents/${id}`), ['agents']),
}

export const container = {
  start: () => changing(api.post<T.Enqueued>('/api/container/start'), ['container']),
  stop: () => changing(api.post<T.Enqueued>('/api/container/stop'), ['container']),
  restart: () => changing(api.post<T.Enqueued>('/api/container/restart'), ['container']),
}

export const chats = {
  create: (key: string) =>
    api.post<{ id: string }>('/api/chats', {}, { headers: { 'idempotency-key': key } }),
  rename: (id: string, title: string) =>
    changing(api.patch(`/api/chats/${id}`, { title }), q.chats.queryKey, q.chat(id).queryKey),
  /** `keepalive` lets it reach the server although the page is going away. */
  remove: (id: string, keepalive = false) => api.delete(`/api/chats/${id}`, { keepalive }),
  ask: (
    chat: string,
    body: { text: string; agentId?: string; replaces?: string },
    key: string = freshKey(),
  ) =>
    api.post<{ turnId: string }>(`/api/chats/${chat}/turns`, body, { headers: { 'idempotency-key': key } }),
  stop: (turn: string) => api.post(`/api/turns/${turn}/stop`),
}

type Chosen = { ids: string[] } | { filter: T.JobFilter }

export const jobs = {
  retry: (chosen: Chosen) => changing(api.post<T.Acted>('/api/jobs/retry', chosen), ['jobs']),
  cancel: (chosen: Chosen) => changing(api.post<T.Acted>('/api/jobs/cancel', chosen), ['jobs']),
  discard: (chosen: Chosen) => changing(api.post<T.Acted>('/api/jobs/discard', chosen), ['jobs']),
  pauseLane: (name: string) => changing(api.post(`/api/lanes/${name}/pause`), ['lanes'], ['jobs']),
  resumeLane: (name: string) => changing(api.post(`/api/lanes/${name}/resume`), ['lanes'], ['jobs']),
  limitLane: (name: string, concurrency: number | null) =>
    changing(api.patch(`/api/lanes/${name}`, { concurrency }), ['lanes'], ['jobs']),
  runSchedule: (name: string) =>
    changing(api.post<T.Enqueued>(`/api/schedules/${name}/run`), ['schedules'], ['jobs']),
  changeSchedule: (name: string, body: { enabled?: boolean; cron?: string }) =>
    changing(api.patch(`/api/schedules/${name}`, body), ['schedules']),
}

export const admin = {
  settings: (version: string, body: Partial<T.Settings>) =>
    changing(api.patch('/api/settings', body, ifMatch(version)), ['settings']),
  oidc: (body: T.OidcDraft) => changing(api.put('/api/settings/oidc', body), ['oidc'], ['methods']),
  removeOidc: () => changing(api.delete('/api/settings/oidc'), ['oidc'], ['methods']),
  testOidc: (body: Pick<T.OidcDraft, 'issuer' | 'clientId' | 'clientSecret'>) =>
    api.post<T.OidcReport>('/api/settings/oidc/test', body),
  user: (
    id: string,
    body: {
      role?: T.Role
      disabled?: boolean
      idleTimeoutSeconds?: number | null
      limits?: T.User['limits']
    },
  ) => changing(api.patch(`/api/users/${id}`, body), ['users']),
}

export const fleet = {
  stop: (id: string) => changing(api.post<T.Enqueued>(`/api/fleet/containers/${id}/stop`), ['fleet']),
  restart: (id: string) => changing(api.post<T.Enqueued>(`/api/fleet/containers/${id}/restart`), ['fleet']),
  createSystemContainer: (body: { name: string; purpose: string }) =>
    changing(api.post<T.SystemContainer>('/api/fleet/system-containers', body), ['system-containers']),
  changeSystemContainer: (id: string, body: { purpose: string }) =>
    changing(api.patch<T.SystemContainer>(`/api/fleet/system-containers/${id}`, body), ['system-containers']),
  removeSystemContainer: (id: string) =>
    changing(api.delete<T.Enqueued>(`/api/fleet/system-containers/${id}`), ['system-containers']),
  selfTest: () => changing(api.post<T.Enqueued>('/api/fleet/self-test'), ['self-test']),
}

export const mine = {
  /** The whole archive, where the browser cannot fetch it by a link: a link does not say for whom. */
  archive: async () => {
    const response = await send('GET', '/api/me/export/download')
    const [archive, size] = [await response.blob(), response.headers.get('x-archive-size')]
    if (size !== null && Number(size) === archive.size) return archive
    throw new ApiError({
      status: 0,
      code: 'archive_cut',
      detail: 'It did not arrive whole. Download it again.',
    })
  },
  export: () => changing(api.post<T.Enqueued>('/api/me/export'), ['export']),
  /** Deletes who is signed in, for good; `confirm` is his own user name. */
  remove: (confirm: string) => api.delete<T.Enqueued>('/api/me', { body: { confirm } }),
}

export const findings = {
  /** Answers whether the same finding was there already: then that one stays. */
  create: async (body: T.NewFinding): Promise<boolean> =>
    (await changing(send('POST', '/api/findings', { body }), ['findings'], ['knowledge'])).status === 200,
  change: (id: string, body: T.NewFinding) =>
    changing(api.patch<T.Finding>(`/api/findings/${id}`, body), ['findings'], ['knowledge']),
  /** It is not read again itself: its sheet is still open. */
  remove: (id: string) =>
    changing(api.delete(`/api/findings/${id}`), ['findings', 'list'], ['findings', 'found'], ['knowledge']),
}

const memoryPath = (key: string) => `/api/memory/${encodeURIComponent(key)}` as const

export const memory = {
  /** Refused with `version_conflict` where the agent has changed it since it was read. */
  set: (agentId: string, key: string, body: { value: unknown; ifVersion?: number; ttlSeconds?: number }) =>
    changing(api.put<T.Memory>(memoryPath(key), body, { query: { agentId } }), ['memory']),
  /** It is not read again itself: its sheet is still open. */
  forget: (agentId: string, key: string) =>
    changing(api.delete(memoryPath(key), { query: { agentId } }), ['memory', 'list']),
}

export const conversations = {
  remove: (id: string) =>
    changing(
      api.delete(`/api/conversations/${id}`),
      ['conversations', 'list'],
      ['conversations', 'found'],
      ['knowledge'],
    ),
  /** Takes a session log as it is: a line is an entry. */
  import: (log: Blob, agentId: string | undefined) =>
    changing(
      api.upload<T.Imported>('/api/conversations/import', log, { query: { agentId } }),
      ['conversations'],
      ['knowledge'],
    ),
}
