import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ApiError } from '@/api/client'
import { followEvents } from './sse'

function stream(...chunks: string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  return new Response(body, { status: 200 })
}

function serve(...answers: (() => Response | Promise<Response>)[]) {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => {
    const answer = answers.shift()
    if (!answer) throw new TypeError('connection lost')
    return answer()
  })
  vi.stubGlobal('fetch', fetched)
  return fetched
}

async function read(): Promise<{ text: string; refused?: ApiError }> {
  let text = ''
  let refused: ApiError | undefined
  await followEvents({
    url: '/events',
    signal: new AbortController().signal,
    onEvent: ({ name, data }) => {
      if (name === 'done') return 'end'
      text += data
      return undefined
    },
    onRejected: (error) => {
      refused = error
    },
  })
  return { text, refused }
}

afterEach(() => vi.unstubAllGlobals())

describe('followEvents', () => {
  it('reads events across any chunk boundaries', async () => {
    serve(() =>
      stream(
        'id: 1\nevent: delta\nda',
        'ta: Hel\n\nid: 2\nevent: delta\ndata: lo\n',
        '\n: comment\n\nevent: done\ndata: {}\n\n',
      ),
    )
    expect((await read()).text).toBe('Hello')
  })

  it('resumes after the last event when the connection breaks', async () => {
    const fetched = serve(
      () => stream('id: 7\nevent: delta\ndata: one\n\n'),
      () => stream('id: 8\nevent: delta\ndata: two\n\nevent: done\ndata: {}\n\n'),
    )
    expect((await read()).text).toBe('onetwo')
    expect(fetched.mock.calls[0]?.[1].headers).not.toHaveProperty('last-event-id')
    expect(fetched.mock.calls[1]?.[1].headers).toMatchObject({ 'last-event-id': '7' })
  })

  it('does not retry a refused request', async () => {
    const fetched = serve(
      () => new Response('{"code":"not_found","status":404,"detail":"No such turn."}', { status: 404 }),
    )
    const { refused } = await read()
    expect(refused?.code).toBe('not_found')
    expect(fetched).toHaveBeenCalledTimes(1)
  })

  it('retries after a server error', async () => {
    const fetched = serve(
      () => new Response('', { status: 503 }),
      () => stream('event: done\ndata: {}\n\n'),
    )
    await read()
    expect(fetched).toHaveBeenCalledTimes(2)
  })
})
