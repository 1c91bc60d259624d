/**
 * A chunk of the page that cannot be loaded: the connection was cut, or a newer version was installed and the old
 * chunks are gone. Reloading the page fixes both.
 */

const KEY = 'mosaic.reloaded'
/** After this many reloads within the window the cause is something that a reload does not fix. */
const MAX_RELOADS = 3
const RELOAD_WINDOW_MS = 30_000
/** A cut connection needs a moment; each further reload waits longer. */
const RELOAD_DELAY_MS = 400

export function reloadOnMissingChunks(): void {
  let reloading = false
  addEventListener('vite:preloadError', () => {
    // Several chunks can fail at once; one reload loads them all.
    if (reloading) return
    const reloads = recordReload(Date.now())
    if (reloads === null) return
    reloading = true
    setTimeout(() => location.reload(), RELOAD_DELAY_MS * reloads)
  })
}

/** Records a reload. Returns how many preceded it within the window, or `null` if the limit was reached. */
export function recordReload(now: number): number | null {
  try {
    const recorded = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as number[]
    const recent = recorded.filter((time) => now - time < RELOAD_WINDOW_MS)
    if (recent.length >= MAX_RELOADS) return null
    sessionStorage.setItem(KEY, JSON.stringify([...recent, now]))
    return recent.length
  } catch {
    // Without a record the page might reload without end.
    return null
  }
}
