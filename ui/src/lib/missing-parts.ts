/**
 * A part of the page that cannot be fetched: the line was cut just then, or a newer version was installed
 * and the old parts are gone. Loading the page again cures both.
 */

const KEY = 'mosaic.reloaded'
/** Within this time a second reload would not help either. */
const ONCE_IN_MS = 15_000

export function reloadWhenPartsAreMissing(): void {
  addEventListener('vite:preloadError', () => {
    if (!mayReload(Date.now())) return
    location.reload()
  })
}

/** Whether it was long enough ago; notes the time where it is. */
function mayReload(now: number): boolean {
  try {
    if (now - Number(sessionStorage.getItem(KEY) ?? 0) < ONCE_IN_MS) return false
    sessionStorage.setItem(KEY, String(now))
    return true
  } catch {
    // Without a note of it, it might go on for ever.
    return false
  }
}
