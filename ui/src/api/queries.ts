/** What is read from the server: every key and how it is fetched. Writing stands in `mutations.ts`. */
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError, api, type Options, send } from './client'
import type * as T from './types'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A refusal stays one; a line that broke may be back at once.
      retry: (failures, error) =>
        failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: 400,
    },
  },
})

/** `null` where there is no such thing yet: a query may not come to `undefined`. */
async function ifAny<R>(path: T.Path): Promise<R | null> {
  return (await api.get<R | undefined>(path)) ?? null
}

/** A list that comes in pages of fifty. */
function paged<Page extends { nextCursor?: string | null }>(
  queryKey: readonly unknown[],
  path: T.Path,
  query: Options['query'] = {},
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => api.get<Page>(path, { query: { ...query, limit: 50, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  })
}

export const q = {
  version: queryOptions({
    queryKey: ['version'],
    queryFn: () => api.get<T.Version>('/api/version'),
    staleTime: Infinity,
  }),
  onboarding: queryOptions({
    queryKey: ['onboarding'],
    queryFn: () => api.get<T.Onboarding>('/api/onboarding'),
  }),
  methods: queryOptions({ queryKey: ['methods'], queryFn: () => api.get<T.Methods>('/api/auth/methods') }),
  me: queryOptions({ queryKey: ['me'], queryFn: () => api.get<T.Me>('/api/auth/me'), staleTime: 60_000 }),
  sessions: queryOptions({
    queryKey: ['sessions'],
    queryFn: () => api.get<T.Items<T.Session>>('/api/auth/sessions'),
  }),
  tokens: queryOptions({ queryKey: ['tokens'], queryFn: () => api.get<T.Items<T.Token>>('/api/tokens') }),
  catalog: queryOptions({
    queryKey: ['catalog'],
    queryFn: () => api.get<T.Items<T.CatalogEntry>>('/api/providers/catalog'),
    staleTime: Infinity,
  }),
  providers: queryOptions({
    queryKey: ['providers'],
    queryFn: () => api.get<T.Items<T.Provider>>('/api/providers'),
  }),
  provider: (id: string) =>
    queryOptions({ queryKey: ['providers', id], queryFn: () => api.get<T.Provider>(`/api/providers/${id}`) }),
  providerModels: (id: string) =>
    queryOptions({
      queryKey: ['providers', id, 'models'],
      queryFn: () => api.get<T.ProviderModels>(`/api/providers/${id}/models`),
    }),
  agents: queryOptions({ queryKey: ['agents'], queryFn: () => api.get<T.Items<T.Agent>>('/api/agents') }),
  container: queryOptions({
    queryKey: ['container'],
    queryFn: () => api.get<T.CurrentContainer>('/api/container'),
  }),
  chats: paged<T.Items<T.Chat>>(['chats'], '/api/chats'),
  chat: (id: string) =>
    queryOptions({ queryKey: ['chat', id], queryFn: () => api.get<T.ChatWithTurns>(`/api/chats/${id}`) }),
  job: (id: string) =>
    queryOptions({ queryKey: ['jobs', 'one', id], queryFn: () => api.get<T.JobDetail>(`/api/jobs/${id}`) }),
  jobs: (filter: T.JobFilter) => paged<T.Items<T.Job>>(['jobs', 'list', filter], '/api/jobs', { ...filter }),
  jobStats: queryOptions({
    queryKey: ['jobs', 'stats'],
    queryFn: () => api.get<T.JobStats>('/api/jobs/stats'),
  }),
  lanes: queryOptions({ queryKey: ['lanes'], queryFn: () => api.get<T.Items<T.Lane>>('/api/lanes') }),
  workers: queryOptions({ queryKey: ['workers'], queryFn: () => api.get<T.Items<T.Worker>>('/api/workers') }),
  schedules: queryOptions({
    queryKey: ['schedules'],
    queryFn: () => api.get<T.Items<T.Schedule>>('/api/schedules'),
  }),
  settings: queryOptions({
    queryKey: ['settings'],
    queryFn: async (): Promise<T.Versioned<T.Settings>> => {
      const response = await send('GET', '/api/settings')
      return { value: (await response.json()) as T.Settings, version: response.headers.get('etag') ?? '' }
    },
  }),
  oidc: queryOptions({
    queryKey: ['oidc'],
    queryFn: () => api.get<T.OidcSettings>('/api/settings/oidc'),
  }),
  users: queryOptions({
    queryKey: ['users'],
    queryFn: () => api.get<T.Items<T.User>>('/api/users', { query: { limit: 100 } }),
  }),
  userPages: paged<T.Items<T.User>>(['users', 'pages'], '/api/users'),
  audit: (filter: { action?: string; actor?: string }) =>
    paged<T.Items<T.AuditEntry>>(['audit', filter], '/api/audit', filter),
  activity: paged<T.Items<T.AuditEntry>>(['activity'], '/api/me/activity'),
  fleet: paged<T.FleetPage>(['fleet'], '/api/fleet/containers'),
  systemContainers: queryOptions({
    queryKey: ['system-containers'],
    queryFn: () => api.get<T.Items<T.SystemContainer>>('/api/fleet/system-containers'),
  }),
  /** `null` where it was never run. */
  selfTest: queryOptions({
    queryKey: ['self-test'],
    queryFn: () => ifAny<T.SelfTest>('/api/fleet/self-test'),
  }),
  /** `null` where there is none. */
  export: queryOptions({ queryKey: ['export'], queryFn: () => ifAny<T.Export>('/api/me/export') }),
  knowledgeStatus: queryOptions({
    queryKey: ['knowledge', 'status'],
    queryFn: () => api.get<T.KnowledgeStatus>('/api/knowledge/status'),
  }),
  findings: (filter: { tag?: string; agentId?: string }) =>
    paged<T.Items<T.Finding>>(['findings', 'list', filter], '/api/findings', filter),
  finding: (id: string) =>
    queryOptions({
      queryKey: ['findings', 'one', id],
      queryFn: () => api.get<T.Finding>(`/api/findings/${id}`),
    }),
  foundFindings: (query: string, filters: { tags?: string[]; agentId?: string }) =>
    queryOptions({
      queryKey: ['findings', 'found', query, filters],
      queryFn: ({ signal }) =>
        api.post<T.Found<T.FoundFinding>>('/api/findings/search', { query, limit: 50, filters }, { signal }),
    }),
  memory: (agentId: string, prefix: string) =>
    paged<T.Items<T.Memory>>(['memory', 'list', agentId, prefix], '/api/memory', { agentId, prefix }),
  memoryEntry: (agentId: string, key: string) =>
    queryOptions({
      queryKey: ['memory', 'one', agentId, key],
      queryFn: () => api.get<T.Memory>(`/api/memory/${encodeURIComponent(key)}`, { query: { agentId } }),
    }),
  memoryHistory: (agentId: string, key: string) =>
    queryOptions({
      queryKey: ['memory', 'history', agentId, key],
      queryFn: () =>
        api.get<T.Items<T.MemoryVersion>>(`/api/memory/${encodeURIComponent(key)}/history`, {
          query: { agentId },
        }),
    }),
  conversations: (filter: { agentId?: string }) =>
    paged<T.Items<T.Conversation>>(['conversations', 'list', filter], '/api/conversations', filter),
  conversation: (id: string) =>
    paged<T.ConversationPage>(['conversations', 'one', id], `/api/conversations/${id}`),
  foundMessages: (query: string, filters: { agentId?: string; role?: string }) =>
    queryOptions({
      queryKey: ['conversations', 'found', query, filters],
      queryFn: ({ signal }) =>
        api.post<T.Found<T.FoundMessage>>(
          '/api/conversations/search',
          { query, limit: 50, filters },
          { signal },
        ),
    }),
}

/** Forgets everything that was read, for instance because somebody else signs in. */
export function forgetEverything(): void {
  queryClient.clear()
}
