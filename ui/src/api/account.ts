/**
 * For whom this tab acts: for one of the instance's own agents while an admin looks after it, else for whoever is
 * signed in. What the tab's own storage keeps is sent with every request; the server decides whether it holds.
 */

const KEY = 'mosaic.account'
const LOST = 'mosaic.account-lost'

/** As it was when this page began: what a page shows and what it asks for are of one account, whatever comes next. */
let acting: string | null = null

/** Before the first request. */
export function beginPage(): void {
  acting = read(KEY)
}

export function account(): string | null {
  return acting
}

/** From the next page on. */
export function setAccount(id: string | null): void {
  write(KEY, id)
}

/** Nobody is signed in any more: whoever signs in next begins as himself, on this page too. */
export function forgetAccount(): void {
  acting = null
  setAccount(null)
}

/** Whether this page is of before a change: the browser kept it, and shows it again. */
export function isOutlived(): boolean {
  return read(KEY) !== acting
}

export function accountHeader(): Record<string, string> {
  return acting ? { 'x-mosaic-account': acting } : {}
}

/** Notes that the server does not let this tab act for it any more. */
export function loseAccount(): void {
  write(LOST, '1')
  setAccount(null)
}

/** Whether that has happened and was not told yet. */
export function takeLost(): boolean {
  const lost = read(LOST) !== null
  write(LOST, null)
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
    // Without storage the tab stays with who is signed in.
  }
}
