/** Requests that create something: repeated after a lost response, they do not create it twice. */
import { ApiError, api } from './client'
import type { Path } from './types'

/** Keys of requests whose outcome is unknown, by path and body. */
const unanswered = new Map<string, string>()

/** 128 random bits. Works on plain http too, unlike `randomUUID`. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

/** Posts with an `Idempotency-Key`. The same request after a lost response is sent with the same key. */
export async function postIdempotent<T>(path: Path, body: unknown): Promise<T> {
  const request = `${path} ${JSON.stringify(body)}`
  const key = unanswered.get(request) ?? newIdempotencyKey()
  unanswered.set(request, key)
  try {
    const created = await api.post<T>(path, body, { headers: { 'idempotency-key': key } })
    unanswered.delete(request)
    return created
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) unanswered.delete(request)
    throw error
  }
}
