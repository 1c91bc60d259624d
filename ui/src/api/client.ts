/**
 * The one place that speaks HTTP with the server: JSON in, JSON out, problems as `ApiError`.
 * Components never call it; queries and mutations do.
 */
import { accountHeader } from './account'
import type { Path, Problem } from './types'

/** A refusal with its stable code, or `offline` / `unreadable` when there was no answer to read. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null = null,
  ) {
    super(problem.detail ?? problem.title ?? 'The server refused this.')
    this.name = 'ApiError'
  }

  get code(): string {
    return this.problem.code
  }

  get status(): number {
    return this.problem.status
  }
}

const OFFLINE: Problem = {
  status: 0,
  code: 'offline',
  detail: 'The server cannot be reached. Check your connection; nothing was lost.',
}

export interface Options {
  body?: unknown
  query?: Record<string, string | number | undefined | null>
  headers?: Record<string, string>
  signal?: AbortSignal
  keepalive?: boolean
}

let onSignedOut: () => void = () => {}

/** Called when the server no longer knows who is asking, anywhere but in the sign-in itself. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

let onNotKept: () => void = () => {}

/** Called when the account that this tab acts for is not to be had (any more). It has the page begin anew. */
export function whenNotKept(handler: () => void): void {
  onNotKept = handler
}

export function address(path: Path, query: Options['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

/** Sends and answers with the response; a refusal or a dead line is thrown as `ApiError`. */
export async function send(method: string, path: Path, options: Options = {}): Promise<Response> {
  const { body, query, headers, signal, keepalive } = options
  let response: Response
  try {
    response = await fetch(address(path, query), {
      method,
      signal,
      keepalive,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...accountHeader(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(OFFLINE)
  }
  if (response.ok) return response
  const error = await refusal(response)
  if (error.code === 'not_signed_in' && path !== '/api/auth/me') onSignedOut()
  throw error
}

export async function refusal(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get('retry-after'))
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null
  try {
    const problem = (await response.json()) as Problem
    if (problem.code === 'not_kept') {
      onNotKept()
      // The page is on its way out: nobody is to be told of this refusal here.
      return await new Promise(() => {})
    }
    return new ApiError(
      { ...problem, status: response.status, code: problem.code ?? 'unreadable' },
      retryAfter,
    )
  } catch {
    const detail = `The server answered with status ${response.status} and nothing that could be read. Try again in a moment.`
    return new ApiError({ status: response.status, code: 'unreadable', detail }, retryAfter)
  }
}

async function json<T>(method: string, path: Path, options?: Options): Promise<T> {
  const response = await send(method, path, options)
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: <T>(path: Path, options?: Options) => json<T>('GET', path, options),
  post: <T = void>(path: Path, body?: unknown, options?: Options) =>
    json<T>('POST', path, { ...options, body: body ?? {} }),
  patch: <T = void>(path: Path, body: unknown, options?: Options) =>
    json<T>('PATCH', path, { ...options, body }),
  put: <T = void>(path: Path, body: unknown, options?: Options) => json<T>('PUT', path, { ...options, body }),
  delete: <T = void>(path: Path, options?: Options) => json<T>('DELETE', path, options),
  /** Sends a file of lines as it is. */
  upload: <T>(path: Path, body: Blob, options?: Options) =>
    json<T>('POST', path, { ...options, body, headers: { 'content-type': 'application/jsonl' } }),
}

/** A key for `Idempotency-Key`: 128 random bits. Works on plain http too, unlike `randomUUID`. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

/** What to tell a person of any failure. */
export function message(error: unknown): string {
  if (error instanceof ApiError) return error.message
  return 'Something in this page failed. Reload it; what you saved is safe.'
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code
}
