/**
 * A part of the page that cannot be fetched: the line was cut just then, or a newer version was installed
 * and the old parts are gone. Loading the page again cures both.
 */

const KEY = 'mosaic.reloaded'
/** So often, and then it is something that loading again does not cure. */
const MOST = 3
const WITHIN_MS = 30_000
/** A line that was cut needs a moment; each further time a longer one. */
const PAUSE_MS = 400

export function reloadWhenPartsAreMissing(): void {
  let reloading = false
  addEventListener('vite:preloadError', () => {
    // Several parts are missed at once, and one reload brings them all.
    if (reloading) return
    const times = noteReload(Date.now())
    if (times === null) return
    reloading = true
    setTimeout(() => location.reload(), PAUSE_MS * times)
  })
}

/** How many times the page was loaded again just now, or `null` where it was often enough. Notes this one. */
export function noteReload(now: number): number | null {
  try {
    const noted = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as number[]
    const recent = noted.filter((time) => now - time < WITHIN_MS)
    if (recent.length >= MOST) return null
    sessionStorage.setItem(KEY, JSON.stringify([...recent, now]))
    return recent.length
  } catch {
    // Without a note of it, it might go on for ever.
    return null
  }
}
