/**
 * The token of the setup link. It comes in the fragment of the address, which browsers do not send,
 * and is kept only in memory: not in storage, in the page or in an address.
 */

let token: string | null = null

/** Takes the token out of the address. */
export function takeSetupToken(): void {
  const match = /^#token=([^&\s]+)/.exec(location.hash)
  if (!match?.[1]) return
  token = decodeURIComponent(match[1])
  history.replaceState(history.state, '', location.pathname + location.search)
}

export function setupToken(): string | null {
  return token
}

export function forgetSetupToken(): void {
  token = null
}

/** Accepts the whole setup link or only the token. */
export function parseSetupLink(text: string): string {
  const [, token] = text.split('#token=')
  return (token ?? text).trim()
}
