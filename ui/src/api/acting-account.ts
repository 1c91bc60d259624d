/**
 * The account that this tab acts for: one of the instance's own agents while an admin manages it, otherwise the
 * signed-in user. The id is kept in the tab's session storage and sent with every request; the server decides whether
 * the signed-in user may act for it.
 */

const ACCOUNT_KEY = 'mosaic.account'
const ACCESS_LOST_KEY = 'mosaic.account-lost'

/** Fixed while the page lives: what the page shows and what it requests always belong to one account. */
let current: string | null = null

/** Must run before the first request. */
export function loadActingAccount(): void {
  current = read(ACCOUNT_KEY)
}

/** `null` while the tab acts for the signed-in user. */
export function actingAccount(): string | null {
  return current
}

/** Takes effect when the next page is loaded. */
export function setActingAccount(id: string | null): void {
  write(ACCOUNT_KEY, id)
}

/** After the session has ended: the next user to sign in starts as themselves, on this page too. */
export function clearActingAccount(): void {
  current = null
  setActingAccount(null)
}

/** Whether the account was changed after this page was loaded. True for a page from the back/forward cache. */
export function isStalePage(): boolean {
  return read(ACCOUNT_KEY) !== current
}

export function actingAccountHeader(): Record<string, string> {
  return current ? { 'x-mosaic-account': current } : {}
}

/** Records that the server no longer lets this tab act for the account. */
export function recordLostAccess(): void {
  write(ACCESS_LOST_KEY, '1')
  setActingAccount(null)
}

/** Whether access was lost and not reported yet. Resets the record. */
export function takeLostAccess(): boolean {
  const lost = read(ACCESS_LOST_KEY) !== null
  write(ACCESS_LOST_KEY, null)
  return lost
}

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value) sessionStorage.setItem(key, value)
    else sessionStorage.removeItem(key)
  } catch {
    // Without storage the tab acts for the signed-in user.
  }
}
