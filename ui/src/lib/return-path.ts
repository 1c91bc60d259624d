/** The page that the user wanted before single sign-on took them to another site. A path, not a secret. */

const KEY = 'mosaic.next'

export function saveReturnPath(path: string | undefined): void {
  try {
    if (path) sessionStorage.setItem(KEY, path)
    else sessionStorage.removeItem(KEY)
  } catch {
    // Without storage the user arrives at their chats.
  }
}

export function takeReturnPath(): string | null {
  try {
    const path = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    return path
  } catch {
    return null
  }
}
