/** Writes to the server, and which queries become stale with them. */
import { ApiError, api, send } from './client'
import { newIdempotencyKey, postIdempotent } from './idempotency-keys'
import { queries, queryClient } from './queries'
import type * as T from './types'

type Key = readonly unknown[]

/** Awaits a write, then marks the queries it affects as stale. */
async function thenInvalidate<R>(work: Promise<R>, ...keys: Key[]): Promise<R> {
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
  skipOidc: () => thenInvalidate(api.post('/api/onboarding/oidc', { skip: true }), ['onboarding']),
  oidc: (body: { issuer: string; clientId: string; clientSecret: string }) =>
    thenInvalidate(api.post('/api/onboarding/oidc', body), ['onboarding'], ['oidc'], ['methods']),
  provider: (body: T.NewProvider) => postIdempotent<T.ProviderSaved>('/api/onboarding/provider', body),
  agent: (body: T.NewAgent) =>
    thenInvalidate(postIdempotent('/api/onboarding/agent', body), ['onboarding'], ['agents']),
  complete: () => thenInvalidate(api.post('/api/onboarding/complete'), ['onboarding']),
}

export const auth = {
  login: (body: { username: string; password: string }) => api.post<T.Me>('/api/auth/login', body),
  /** `redirectTo` is where the identity provider ends its own session, if it supports that. */
  logout: () => api.post<{ redirectTo?: string | null } | undefined>('/api/auth/logout'),
  endSession: (id: string) => thenInvalidate(api.delete(`/api/auth/sessions/${id}`), ['sessions']),
  createToken: (body: { name: string; scopes: T.Scope[]; expiresInDays?: number }) =>
    thenInvalidate(postIdempotent<T.CreatedToken>('/api/tokens', body), ['tokens']),
  revokeToken: (id: string) => thenInvalidate(api.delete(`/api/tokens/${id}`), ['tokens']),
  changeBreakglassPassword: (body: { current: string; new: string }) =>
    thenInvalidate(api.post('/api/settings/breakglass/password', body), ['sessions']),
}

export const providers = {
  create: (body: T.NewProvider) =>
    thenInvalidate(postIdempotent<T.Provider>('/api/providers', body), ['providers']),
  change: (id: string, version: number, body: T.ProviderChanges) =>
    thenInvalidate(api.patch<T.Provider>(`/api/providers/${id}`, body, ifMatch(version)), ['providers']),
  remove: (id: string) => thenInvalidate(api.delete(`/api/providers/${id}`), ['providers']),
  testUnsaved: (body: T.NewProvider, signal?: AbortSignal) =>
    api.post<T.TestReport>('/api/providers/test', body, { signal }),
  test: (id: string) => api.post<T.Enqueued>(`/api/providers/${id}/test`),
}

export const agents = {
  create: (body: T.NewAgent) => thenInvalidate(postIdempotent<T.Agent>('/api/agents', body), ['agents']),
  change: (id: string, version: number, body: Partial<T.NewAgent>) =>
    thenInvalidate(api.patch<T.Agent>(`/api/agents/${id}`, body, ifMatch(version)), ['agents']),
  remove: (id: string) => thenInvalidate(api.delete(`/api/agents/${id}`), ['agents']),
}

export const container = {
  start: () => thenInvalidate(api.post<T.Enqueued>('/api/container/start'), ['container']),
  stop: () => thenInvalidate(api.post<T.Enqueued>('/api/container/stop'), ['container']),
  restart: () => thenInvalidate(api.post<T.Enqueued>('/api/container/restart'), ['container']),
}

export const chats = {
  create: (key: string) =>
    api.post<{ id: string }>('/api/chats', {}, { headers: { 'idempotency-key': key } }),
  rename: (id: string, title: string) =>
    thenInvalidate(
      api.patch(`/api/chats/${id}`, { title }),
      queries.chats.queryKey,
      queries.chat(id).queryKey,
    ),
  /** `keepalive` lets the request finish while the page is being closed. */
  remove: (id: string, keepalive = false) => api.delete(`/api/chats/${id}`, { keepalive }),
  ask: (
    chat: string,
    body: { text: string; agentId?: string; replaces?: string },
    key: string = newIdempotencyKey(),
  ) =>
    api.post<{ turnId: string }>(`/api/chats/${chat}/turns`, body, { headers: { 'idempotency-key': key } }),
  stop: (turn: string) => api.post(`/api/turns/${turn}/stop`),
}

type JobSelection = { ids: string[] } | { filter: T.JobFilter }

export const jobs = {
  retry: (selection: JobSelection) =>
    thenInvalidate(api.post<T.BulkResult>('/api/jobs/retry', selection), ['jobs']),
  cancel: (selection: JobSelection) =>
    thenInvalidate(api.post<T.BulkResult>('/api/jobs/cancel', selection), ['jobs']),
  discard: (selection: JobSelection) =>
    thenInvalidate(api.post<T.BulkResult>('/api/jobs/discard', selection), ['jobs']),
  pauseLane: (name: string) => thenInvalidate(api.post(`/api/lanes/${name}/pause`), ['lanes'], ['jobs']),
  resumeLane: (name: string) => thenInvalidate(api.post(`/api/lanes/${name}/resume`), ['lanes'], ['jobs']),
  limitLane: (name: string, concurrency: number | null) =>
    thenInvalidate(api.patch(`/api/lanes/${name}`, { concurrency }), ['lanes'], ['jobs']),
  runSchedule: (name: string) =>
    thenInvalidate(api.post<T.Enqueued>(`/api/schedules/${name}/run`), ['schedules'], ['jobs']),
  changeSchedule: (name: string, body: { enabled?: boolean; cron?: string }) =>
    thenInvalidate(api.patch(`/api/schedules/${name}`, body), ['schedules']),
}

export const admin = {
  settings: (version: string, body: Partial<T.Settings>) =>
    thenInvalidate(api.patch('/api/settings', body, ifMatch(version)), ['settings']),
  oidc: (body: T.OidcDraft) => thenInvalidate(api.put('/api/settings/oidc', body), ['oidc'], ['methods']),
  removeOidc: () => thenInvalidate(api.delete('/api/settings/oidc'), ['oidc'], ['methods']),
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
  ) => thenInvalidate(api.patch(`/api/users/${id}`, body), ['users']),
}

export const fleet = {
  stop: (id: string) => thenInvalidate(api.post<T.Enqueued>(`/api/fleet/containers/${id}/stop`), ['fleet']),
  restart: (id: string) =>
    thenInvalidate(api.post<T.Enqueued>(`/api/fleet/containers/${id}/restart`), ['fleet']),
  createSystemContainer: (body: { name: string; purpose: string }) =>
    thenInvalidate(api.post<T.SystemContainer>('/api/fleet/system-containers', body), ['system-containers']),
  changeSystemContainer: (id: string, body: { purpose: string }) =>
    thenInvalidate(api.patch<T.SystemContainer>(`/api/fleet/system-containers/${id}`, body), [
      'system-containers',
    ]),
  removeSystemContainer: (id: string) =>
    thenInvalidate(api.delete<T.Enqueued>(`/api/fleet/system-containers/${id}`), ['system-containers']),
  selfTest: () => thenInvalidate(api.post<T.Enqueued>('/api/fleet/self-test'), ['self-test']),
}

export const ownData = {
  /** For a tab that acts for another account: a plain link would not send the account header. */
  downloadArchive: async () => {
    const response = await send('GET', '/api/me/export/download')
    const [archive, size] = [await response.blob(), response.headers.get('x-archive-size')]
    if (size !== null && Number(size) === archive.size) return archive
    throw new ApiError({
      status: 0,
      code: 'archive_truncated',
      detail: 'The archive is incomplete. Download it again.',
    })
  },
  export: () => thenInvalidate(api.post<T.Enqueued>('/api/me/export'), ['export']),
  /** Deletes the signed-in user for good; `confirm` must be their user name. */
  deleteAccount: (confirm: string) => api.delete<T.Enqueued>('/api/me', { body: { confirm } }),
}

export const findings = {
  /** Resolves to `true` if the same finding existed already and was kept. */
  create: async (body: T.NewFinding): Promise<boolean> =>
    (await thenInvalidate(send('POST', '/api/findings', { body }), ['findings'], ['knowledge'])).status ===
    200,
  change: (id: string, body: T.NewFinding) =>
    thenInvalidate(api.patch<T.Finding>(`/api/findings/${id}`, body), ['findings'], ['knowledge']),
  /** The deleted entry itself is not read again, since its sheet is still open. */
  remove: (id: string) =>
    thenInvalidate(
      api.delete(`/api/findings/${id}`),
      ['findings', 'list'],
      ['findings', 'search'],
      ['knowledge'],
    ),
}

const memoryPath = (key: string) => `/api/memory/${encodeURIComponent(key)}` as const

export const memory = {
  /** Fails with `version_conflict` if the entry was changed since `ifVersion`. */
  set: (agentId: string, key: string, body: { value: unknown; ifVersion?: number; ttlSeconds?: number }) =>
    thenInvalidate(api.put<T.Memory>(memoryPath(key), body, { query: { agentId } }), ['memory']),
  /** The deleted entry itself is not read again, since its sheet is still open. */
  forget: (agentId: string, key: string) =>
    thenInvalidate(api.delete(memoryPath(key), { query: { agentId } }), ['memory', 'list']),
}

export const conversations = {
  remove: (id: string) =>
    thenInvalidate(
      api.delete(`/api/conversations/${id}`),
      ['conversations', 'list'],
      ['conversations', 'search'],
      ['knowledge'],
    ),
  /** `log` is an OpenClaw session log: JSON Lines, one entry per line. */
  import: (log: Blob, agentId: string | undefined) =>
    thenInvalidate(
      api.upload<T.ImportResult>('/api/conversations/import', log, { query: { agentId } }),
      ['conversations'],
      ['knowledge'],
    ),
}
