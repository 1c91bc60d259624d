/** Times and numbers for display. The locale is fixed, since the UI is in English. */

const LOCALE = 'en-GB'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const stamp = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const dayAndYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' })
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const count = new Intl.NumberFormat(LOCALE)

export function formatDateTime(iso: string): string {
  return stamp.format(new Date(iso))
}

export function formatDate(iso: string): string {
  return dayAndYear.format(new Date(iso))
}

export function formatClockTime(iso: string): string {
  return clock.format(new Date(iso))
}

export function formatNumber(value: number): string {
  return count.format(value)
}

/** "just now", "4m ago", "3h ago", "2d ago", then the date. The future: "in 4m". */
export function timeAgo(iso: string, now: number = Date.now()): string {
  const elapsedMs = now - new Date(iso).getTime()
  const distanceMs = Math.abs(elapsedMs)
  if (distanceMs > 7 * DAY_MS) return formatDate(iso)
  // Also for slightly future times: the clocks of the server and the browser may differ.
  if (distanceMs < 10_000) return 'just now'
  const text = short(distanceMs)
  return elapsedMs < 0 ? `in ${text}` : `${text} ago`
}

/** For planned times: "in 4m", or "in a moment" when the time is near or has passed. */
export function timeUntil(iso: string, now: number = Date.now()): string {
  return new Date(iso).getTime() - now < 10_000 ? 'in a moment' : timeAgo(iso, now)
}

function short(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)}s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}h`
  return `${Math.floor(ms / DAY_MS)}d`
}

/** "38 ms", "2.1 s", "3 min 20 s", "30 min". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`
  if (ms < HOUR_MS)
    return twoUnits(Math.floor(ms / MINUTE_MS), 'min', Math.floor((ms % MINUTE_MS) / 1000), 's')
  return twoUnits(Math.floor(ms / HOUR_MS), 'h', Math.floor((ms % HOUR_MS) / MINUTE_MS), 'min')
}

/** Leaves out the smaller unit if it is zero. */
function twoUnits(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

export const DAY_GROUPS = ['Today', 'Yesterday', 'Previous 7 days', 'Older'] as const
export type DayGroup = (typeof DAY_GROUPS)[number]

/** The heading of the chat list that a time belongs under, by calendar days of this browser. */
export function dayGroup(iso: string, now: Date = new Date()): DayGroup {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate())
  const before = (days: number) =>
    new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() - days)
  const at = new Date(iso)
  if (at >= midnight) return 'Today'
  if (at >= before(1)) return 'Yesterday'
  if (at >= before(7)) return 'Previous 7 days'
  return 'Older'
}
