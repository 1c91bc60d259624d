/**
 * Server-sent events over `fetch`: unlike EventSource it exposes status codes, can be aborted, and resumes after the last
 * event id. While the tab is visible it reconnects without limit.
 */
import { createParser } from 'eventsource-parser'
import { actingAccountHeader } from '@/api/acting-account'
import { ApiError, toApiError } from '@/api/client'

export interface FollowOptions {
  url: string
  /** Called for every event. Returns `'end'` when no further event will come. */
  onEvent: (event: { name: string; id?: string; data: string }) => 'end' | undefined
  /** The connection was lost or is open again. */
  onConnectionChange?: (state: 'open' | 'lost') => void
  /** The server refused the request (4xx other than 429): there will be no further attempt. */
  onRejected?: (error: ApiError) => void
  signal: AbortSignal
}

/** After this long without data the connection is dead: the server sends a comment every 10 s. */
const SILENCE_TIMEOUT_MS = 35_000
const RECONNECT_DELAYS_MS = [300, 600, 1200, 2500, 5000]

/** Resolves after the end, a refusal or the abort. Hidden tabs close their connection. */
export async function followEvents({
  url,
  onEvent,
  onConnectionChange,
  onRejected,
  signal,
}: FollowOptions): Promise<void> {
  let lastEventId: string | undefined
  let failures = 0
  while (!signal.aborted) {
    await untilVisible(signal)
    if (signal.aborted) return
    const attempt = new AbortController()
    const onAbort = () => attempt.abort()
    signal.addEventListener('abort', onAbort)
    const onVisibilityChange = () => document.hidden && attempt.abort()
    document.addEventListener('visibilitychange', onVisibilityChange)
    try {
      const ended = await read(
        url,
        lastEventId,
        attempt,
        (event) => {
          failures = 0
          if (event.id !== undefined) lastEventId = event.id
          return onEvent(event)
        },
        () => onConnectionChange?.('open'),
      )
      if (ended) return
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        onRejected?.(error)
        return
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      document.removeEventListener('visibilitychange', onVisibilityChange)
    }
    if (signal.aborted) return
    if (document.hidden) continue
    if (failures > 0) onConnectionChange?.('lost')
    await sleep(RECONNECT_DELAYS_MS[Math.min(failures, RECONNECT_DELAYS_MS.length - 1)] ?? 5000, signal)
    failures += 1
  }
}

async function read(
  url: string,
  lastEventId: string | undefined,
  attempt: AbortController,
  onEvent: FollowOptions['onEvent'],
  onOpen: () => void,
): Promise<boolean> {
  const headers: Record<string, string> = { accept: 'text/event-stream', ...actingAccountHeader() }
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
  const response = await fetch(url, {
    headers,
    signal: attempt.signal,
    credentials: 'same-origin',
    cache: 'no-store',
  })
  if (!response.ok || !response.body) throw await toApiError(response)
  onOpen()
  let ended = false
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (!ended && onEvent({ name: event ?? 'message', id, data }) === 'end') ended = true
    },
  })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  while (!ended) {
    const timer = setTimeout(() => attempt.abort(), SILENCE_TIMEOUT_MS)
    const { done, value } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return ended
    parser.feed(value)
  }
  attempt.abort()
  return true
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', check)
      signal.removeEventListener('abort', check)
      resolve()
    }
    document.addEventListener('visibilitychange', check)
    signal.addEventListener('abort', check)
  })
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
