/** Requests that make something: asked again because the answer was lost, what was made is not made twice. */
import { ApiError, api, freshKey } from './client'
import type { Path } from './types'

/** Keys of requests of which nobody knows whether they were carried out, by what was asked for. */
const unanswered = new Map<string, string>()

/** Posts under a key of its own; the same request after a lost answer goes under the same key. */
export async function once<T>(path: Path, body: unknown): Promise<T> {
  const what = `${path} ${JSON.stringify(body)}`
  const key = unanswered.get(what) ?? freshKey()
  unanswered.set(what, key)
  try {
    const made = await api.post<T>(path, body, { headers: { 'idempotency-key': key } })
    unanswered.delete(what)
    return made
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) unanswered.delete(what)
    throw error
  }
}
