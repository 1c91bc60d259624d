import { afterEach, expect, test, vi } from 'vitest'
import { once } from './once'

afterEach(() => vi.unstubAllGlobals())

/** A server that answers in this order; what it says of the keys that it was sent. */
function answering(...answers: (Response | Error)[]): () => string[] {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => {
    const answer = answers.shift()
    if (answer instanceof Response) return answer
    throw answer
  })
  vi.stubGlobal('fetch', fetched)
  return () => fetched.mock.calls.map(([, init]) => new Headers(init.headers).get('idempotency-key') ?? '')
}

const made = () => Response.json({ id: 'agt_1' }, { status: 201 })
const ask = (name = 'Ada') => once('/api/agents', { name }).catch(() => {})

test('after a lost answer the same request goes under the same key', async () => {
  const keys = answering(new TypeError('gone'), Response.json({}, { status: 502 }), made(), made())
  for (let i = 0; i < 4; i++) await ask()
  const [first, second, third, fourth] = keys()
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect([second, third]).toEqual([first, first])
  expect(fourth).not.toBe(first)
})

test('a refusal is an answer, and another request is another', async () => {
  const keys = answering(Response.json({}, { status: 422 }), new TypeError('gone'), made())
  await ask()
  await ask()
  await ask('Bea')
  expect(new Set(keys()).size).toBe(3)
})
