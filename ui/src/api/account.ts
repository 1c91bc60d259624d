/**
 * For whom this tab acts: for one of the instance's own agents while an admin looks after it, else for whoever is
 * signed in. What the tab's own storage keeps is sent with every request; the server decides whether it holds.
 */

const KEY = 'mosaic.account'
const LOST = 'mosaic.account-lost'

export function account(): string | null {
  return read(KEY)
}

/** From the next page on. */
export function setAccount(id: string | null): void {
  write(KEY, id)
}

export function accountHeader(): Record<string, string> {
  const id = account()
  return id ? { 'x-mosaic-account': id } : {}
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
