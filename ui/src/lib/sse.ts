/**
 * Server-sent events over `fetch`: unlike EventSource it shows status codes, can be aborted, and
 * resumes at the position it was told. It never gives up by itself while the tab is visible.
 */
import { createParser } from 'eventsource-parser'
import { accountHeader } from '@/api/account'
import { ApiError, refusal } from '@/api/client'

export interface Follow {
  url: string
  /** Called for every event. Answers `'end'` when nothing more will come. */
  onEvent: (event: { name: string; id?: string; data: string }) => 'end' | undefined
  /** The line broke or stands again. */
  onLine?: (line: 'open' | 'lost') => void
  /** The server refused for good (4xx): there will be no further attempt. */
  onRefused?: (error: ApiError) => void
  signal: AbortSignal
}

/** A line that is silent for this long is dead: the server sends a comment every 10 s. */
const SILENCE_MS = 35_000
const WAITS_MS = [300, 600, 1200, 2500, 5000]

/** Follows until the end, a refusal or the abort. Hidden tabs let go of their connection. */
export async function follow({ url, onEvent, onLine, onRefused, signal }: Follow): Promise<void> {
  let position: string | undefined
  let failures = 0
  while (!signal.aborted) {
    await visible(signal)
    if (signal.aborted) return
    const attempt = new AbortController()
    const leave = () => attempt.abort()
    signal.addEventListener('abort', leave)
    const hidden = () => document.hidden && attempt.abort()
    document.addEventListener('visibilitychange', hidden)
    try {
      const ended = await read(
        url,
        position,
        attempt,
        (event) => {
          failures = 0
          if (event.id !== undefined) position = event.id
          return onEvent(event)
        },
        () => onLine?.('open'),
      )
      if (ended) return
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        onRefused?.(error)
        return
      }
    } finally {
      signal.removeEventListener('abort', leave)
      document.removeEventListener('visibilitychange', hidden)
    }
    if (signal.aborted) return
    if (document.hidden) continue
    if (failures > 0) onLine?.('lost')
    await pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 5000, signal)
    failures += 1
  }
}

async function read(
  url: string,
  position: string | undefined,
  attempt: AbortController,
  onEvent: Follow['onEvent'],
  onOpen: () => void,
): Promise<boolean> {
  const headers: Record<string, string> = { accept: 'text/event-stream', ...accountHeader() }
  if (position !== undefined) headers['last-event-id'] = position
  const response = await fetch(url, {
    headers,
    signal: attempt.signal,
    credentials: 'same-origin',
    cache: 'no-store',
  })
  if (!response.ok || !response.body) throw await refusal(response)
  onOpen()
  let ended = false
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (!ended && onEvent({ name: event ?? 'message', id, data }) === 'end') ended = true
    },
  })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  while (!ended) {
    const timer = setTimeout(() => attempt.abort(), SILENCE_MS)
    const { done, value } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return ended
    parser.feed(value)
  }
  attempt.abort()
  return true
}

function visible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look)
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
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
