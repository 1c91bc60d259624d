/**
 * The token of the setup link. It comes in the fragment of the address, which browsers do not send,
 * and lives in memory only: never in storage, never in the page, never in an address again.
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

/** Finds the token in what somebody pasted: the whole link or only the token. */
export function parseSetupLink(text: string): string {
  const [, behind] = text.split('#token=')
  return (behind ?? text).trim()
}
