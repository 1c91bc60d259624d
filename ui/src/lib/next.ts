/** Where somebody wanted to go before single sign-on led him through another site. A path, no secret. */

const KEY = 'mosaic.next'

export function keepNext(path: string | undefined): void {
  try {
    if (path) sessionStorage.setItem(KEY, path)
    else sessionStorage.removeItem(KEY)
  } catch {
    // Without storage he arrives at his chats.
  }
}

export function takeNext(): string | null {
  try {
    const path = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    return path
  } catch {
    return null
  }
}
