/**
 * The HTTP client: JSON in, JSON out, problem documents as `ApiError`. Components never call it; queries and mutations do.
 */
import { actingAccountHeader } from './acting-account'
import type { Path, Problem } from './types'

/** A refusal with its stable code, or `offline` / `unreadable` when there was no response to read. */
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

const OFFLINE_PROBLEM: Problem = {
  status: 0,
  code: 'offline',
  detail: 'The server cannot be reached. Check your connection; nothing was lost.',
}

export interface RequestOptions {
  body?: unknown
  query?: Record<string, string | number | undefined | null>
  headers?: Record<string, string>
  signal?: AbortSignal
  keepalive?: boolean
}

let onSignedOut: () => void = () => {}

/** The handler is called when the session has ended, except by a request for the current user. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler
}

let onAccessLost: () => void = () => {}

/** The handler is called when the server refuses the account that this tab acts for. It must load a new page. */
export function setAccessLostHandler(handler: () => void): void {
  onAccessLost = handler
}

export function buildUrl(path: Path, query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

/** Sends a request. Throws `ApiError` if the server refuses it or cannot be reached. */
export async function send(method: string, path: Path, options: RequestOptions = {}): Promise<Response> {
  const { body, query, headers, signal, keepalive } = options
  let response: Response
  try {
    response = await fetch(buildUrl(path, query), {
      method,
      signal,
      keepalive,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...actingAccountHeader(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(OFFLINE_PROBLEM)
  }
  if (response.ok) return response
  const error = await toApiError(response)
  if (error.code === 'not_signed_in' && path !== '/api/auth/me') onSignedOut()
  throw error
}

export async function toApiError(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get('retry-after'))
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null
  try {
    const problem = (await response.json()) as Problem
    if (problem.code === 'not_kept') {
      onAccessLost()
      // The page is about to be replaced, so the caller never gets an answer.
      return await new Promise(() => {})
    }
    return new ApiError(
      { ...problem, status: response.status, code: problem.code ?? 'unreadable' },
      retryAfter,
    )
  } catch {
    const detail = `The server answered with status ${response.status} and an unreadable body. Try again in a moment.`
    return new ApiError({ status: response.status, code: 'unreadable', detail }, retryAfter)
  }
}

async function json<T>(method: string, path: Path, options?: RequestOptions): Promise<T> {
  const response = await send(method, path, options)
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: <T>(path: Path, options?: RequestOptions) => json<T>('GET', path, options),
  post: <T = void>(path: Path, body?: unknown, options?: RequestOptions) =>
    json<T>('POST', path, { ...options, body: body ?? {} }),
  patch: <T = void>(path: Path, body: unknown, options?: RequestOptions) =>
    json<T>('PATCH', path, { ...options, body }),
  put: <T = void>(path: Path, body: unknown, options?: RequestOptions) =>
    json<T>('PUT', path, { ...options, body }),
  delete: <T = void>(path: Path, options?: RequestOptions) => json<T>('DELETE', path, options),
  /** Sends a JSON Lines file as it is. */
  upload: <T>(path: Path, body: Blob, options?: RequestOptions) =>
    json<T>('POST', path, { ...options, body, headers: { 'content-type': 'application/jsonl' } }),
}

/** A sentence for the user about any failure. */
export function errorMessage(error: unknown): string {
  if (error instanceof ApiError) return error.message
  return 'Something on this page failed. Reload it; what you saved is safe.'
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code
}
