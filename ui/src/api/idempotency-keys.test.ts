import { afterEach, expect, test, vi } from 'vitest'
import { postIdempotent } from './idempotency-keys'

afterEach(() => vi.unstubAllGlobals())

/** Stubs a server that gives these answers in order. Returns a function that lists the keys it received. */
function stubServer(...answers: (Response | Error)[]): () => string[] {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => {
    const answer = answers.shift()
    if (answer instanceof Response) return answer
    throw answer
  })
  vi.stubGlobal('fetch', fetched)
  return () => fetched.mock.calls.map(([, init]) => new Headers(init.headers).get('idempotency-key') ?? '')
}

const created = () => Response.json({ id: 'agt_1' }, { status: 201 })
const create = (name = 'Ada') => postIdempotent('/api/agents', { name }).catch(() => {})

test('after a lost response the same request is sent with the same key', async () => {
  const keys = stubServer(new TypeError('gone'), Response.json({}, { status: 502 }), created(), created())
  for (let i = 0; i < 4; i++) await create()
  const [first, second, third, fourth] = keys()
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect([second, third]).toEqual([first, first])
  expect(fourth).not.toBe(first)
})

test('a refusal ends a key, and another request has another key', async () => {
  const keys = stubServer(Response.json({}, { status: 422 }), new TypeError('gone'), created())
  await create()
  await create()
  await create('Bea')
  expect(new Set(keys()).size).toBe(3)
})
