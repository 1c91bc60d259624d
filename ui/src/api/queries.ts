/** What is read from the server: every key and how it is fetched. Writing stands in `mutations.ts`. */
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiError, api, send } from './client'
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
  chats: infiniteQueryOptions({
    queryKey: ['chats'],
    queryFn: ({ pageParam }) =>
      api.get<T.Items<T.Chat>>('/api/chats', { query: { limit: 50, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
  }),
  chat: (id: string) =>
    queryOptions({ queryKey: ['chat', id], queryFn: () => api.get<T.ChatWithTurns>(`/api/chats/${id}`) }),
  job: (id: string) =>
    queryOptions({ queryKey: ['jobs', 'one', id], queryFn: () => api.get<T.JobDetail>(`/api/jobs/${id}`) }),
  jobs: (filter: T.JobFilter) =>
    infiniteQueryOptions({
      queryKey: ['jobs', 'list', filter],
      queryFn: ({ pageParam }) =>
        api.get<T.Items<T.Job>>('/api/jobs', { query: { ...filter, limit: 50, cursor: pageParam } }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor,
    }),
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
    /** `null` where no provider was set up yet. */
    queryFn: () =>
      api.get<T.OidcSettings | null>('/api/settings/oidc').catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }),
  }),
  users: queryOptions({
    queryKey: ['users'],
    queryFn: () => api.get<T.Items<T.User>>('/api/users', { query: { limit: 100 } }),
  }),
  audit: (filter: { action?: string; actor?: string }) =>
    infiniteQueryOptions({
      queryKey: ['audit', filter],
      queryFn: ({ pageParam }) =>
        api.get<T.Items<T.AuditEntry>>('/api/audit', { query: { ...filter, limit: 50, cursor: pageParam } }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor,
    }),
  activity: infiniteQueryOptions({
    queryKey: ['activity'],
    queryFn: ({ pageParam }) =>
      api.get<T.Items<T.AuditEntry>>('/api/me/activity', { query: { limit: 50, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
  }),
}

/** Forgets everything that was read, for instance because somebody else signs in. */
export function forgetEverything(): void {
  queryClient.clear()
}
