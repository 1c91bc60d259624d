/** For tests: the whole app at an address, with a stub server that answers from a table. */
import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router'
import { render } from '@testing-library/react'
import { vi } from 'vitest'
import { queryClient } from './api/queries'
import { Toaster } from './components/ui/toast'
import { routeTree } from './routeTree.gen'

export interface Call {
  method: string
  path: string
  query: Record<string, string>
  body: unknown
  /** The `X-Mosaic-Account` header. */
  account: string | undefined
}

/** The answer to one call: a body, a response, or a function that returns either. */
type Reply = object | ((call: Call) => unknown)

export function status(code: number, body: unknown = { status: code, code: 'not_found' }): Response {
  return new Response(JSON.stringify(body), { status: code })
}

const ADMIN = { id: 'usr_1', username: 'maya', displayName: 'Maya', role: 'admin' }
const BASE_REPLIES: Record<string, Reply> = {
  'GET /api/onboarding': { completed: true, breakglass: true, oidc: true, provider: true, agent: true },
  'GET /api/auth/me': ADMIN,
  'GET /api/chats': { items: [] },
  'GET /api/agents': { items: [{ id: 'agt_1', name: 'Ada' }] },
}

/** Renders the page at `address` and returns the recorded calls. Calls that are not in the table get a 404. */
export async function openPage(address: string, replies: Record<string, Reply>): Promise<Call[]> {
  const calls: Call[] = []
  const table = { ...BASE_REPLIES, ...replies }
  vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, 'http://localhost')
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : init.body
    const call = {
      method: init.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: Object.fromEntries(url.searchParams),
      body,
      account: new Headers(init.headers).get('x-mosaic-account') ?? undefined,
    }
    calls.push(call)
    const known = table[`${call.method} ${call.path}`]
    const reply = typeof known === 'function' ? await known(call) : known
    if (reply === undefined) return status(404)
    return reply instanceof Response ? reply.clone() : new Response(JSON.stringify(reply))
  })
  queryClient.clear()
  const router = createRouter({
    routeTree,
    context: { queryClient },
    history: createMemoryHistory({ initialEntries: [address] }),
  })
  await router.load()
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toaster />
    </QueryClientProvider>,
  )
  return calls
}
