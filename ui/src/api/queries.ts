/** Queries: every key and how it is fetched. Writes are in `mutations.ts`. */
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError, api, type RequestOptions, send } from './client'
import type * as T from './types'

const PAGE_SIZE = 50

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A refusal is final; a connection that broke may be back at once.
      retry: (failures, error) =>
        failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: 400,
    },
  },
})

/** `null` for a 204: the result of a query must not be `undefined`. */
async function getOrNull<R>(path: T.Path): Promise<R | null> {
  return (await api.get<R | undefined>(path)) ?? null
}

/** A list with cursor pagination. */
function pagedQuery<Page extends { nextCursor?: string | null }>(
  queryKey: readonly unknown[],
  path: T.Path,
  query: RequestOptions['query'] = {},
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) =>
      api.get<Page>(path, { query: { ...query, limit: PAGE_SIZE, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  })
}

export const queries = {
  version: queryOptions({
    queryKey: ['version'],
    queryFn: () => api.get<T.Version>('/api/version'),
    staleTime: Infinity,
  }),
  onboarding: queryOptions({
    queryKey: ['onboarding'],
    queryFn: () => api.get<T.Onboarding>('/api/onboarding'),
  }),
  methods: queryOptions({
    queryKey: ['methods'],
    queryFn: () => api.get<T.SignInMethods>('/api/auth/methods'),
  }),
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
  chats: pagedQuery<T.Items<T.Chat>>(['chats'], '/api/chats'),
  chat: (id: string) =>
    queryOptions({ queryKey: ['chat', id], queryFn: () => api.get<T.ChatWithTurns>(`/api/chats/${id}`) }),
  job: (id: string) =>
    queryOptions({ queryKey: ['jobs', 'one', id], queryFn: () => api.get<T.JobDetail>(`/api/jobs/${id}`) }),
  jobs: (filter: T.JobFilter) =>
    pagedQuery<T.Items<T.Job>>(['jobs', 'list', filter], '/api/jobs', { ...filter }),
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
  userPages: pagedQuery<T.Items<T.User>>(['users', 'pages'], '/api/users'),
  audit: (filter: { action?: string; actor?: string }) =>
    pagedQuery<T.Items<T.AuditEntry>>(['audit', filter], '/api/audit', filter),
  activity: pagedQuery<T.Items<T.AuditEntry>>(['activity'], '/api/me/activity'),
  fleet: pagedQuery<T.FleetPage>(['fleet'], '/api/fleet/containers'),
  systemContainers: queryOptions({
    queryKey: ['system-containers'],
    queryFn: () => api.get<T.Items<T.SystemContainer>>('/api/fleet/system-containers'),
  }),
  /** `null` before the first run. */
  selfTest: queryOptions({
    queryKey: ['self-test'],
    queryFn: () => getOrNull<T.SelfTest>('/api/fleet/self-test'),
  }),
  /** `null` if there is no export. */
  export: queryOptions({ queryKey: ['export'], queryFn: () => getOrNull<T.Export>('/api/me/export') }),
  knowledgeStatus: queryOptions({
    queryKey: ['knowledge', 'status'],
    queryFn: () => api.get<T.KnowledgeStatus>('/api/knowledge/status'),
  }),
  findings: (filter: { tag?: string; agentId?: string }) =>
    pagedQuery<T.Items<T.Finding>>(['findings', 'list', filter], '/api/findings', filter),
  finding: (id: string) =>
    queryOptions({
      queryKey: ['findings', 'one', id],
      queryFn: () => api.get<T.Finding>(`/api/findings/${id}`),
    }),
  findingSearch: (query: string, filters: { tags?: string[]; agentId?: string }) =>
    queryOptions({
      queryKey: ['findings', 'search', query, filters],
      queryFn: ({ signal }) =>
        api.post<T.SearchResults<T.FindingMatch>>(
          '/api/findings/search',
          { query, limit: 50, filters },
          { signal },
        ),
    }),
  memory: (agentId: string, prefix: string) =>
    pagedQuery<T.Items<T.Memory>>(['memory', 'list', agentId, prefix], '/api/memory', { agentId, prefix }),
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
    pagedQuery<T.Items<T.Conversation>>(['conversations', 'list', filter], '/api/conversations', filter),
  conversation: (id: string) =>
    pagedQuery<T.ConversationPage>(['conversations', 'one', id], `/api/conversations/${id}`),
  messageSearch: (query: string, filters: { agentId?: string; role?: string }) =>
    queryOptions({
      queryKey: ['conversations', 'search', query, filters],
      queryFn: ({ signal }) =>
        api.post<T.SearchResults<T.MessageMatch>>(
          '/api/conversations/search',
          { query, limit: 50, filters },
          { signal },
        ),
    }),
}
