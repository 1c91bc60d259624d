/** Times as people read them. The locale is fixed: the copy is English. */

const LOCALE = 'en-GB'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

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

export function dateTime(iso: string): string {
  return stamp.format(new Date(iso))
}

export function date(iso: string): string {
  return dayAndYear.format(new Date(iso))
}

export function clockTime(iso: string): string {
  return clock.format(new Date(iso))
}

export function number(value: number): string {
  return count.format(value)
}

/** "just now", "4m ago", "3h ago", "2d ago", then the date. The future: "in 4m". */
export function ago(iso: string, now: number = Date.now()): string {
  const passed = now - new Date(iso).getTime()
  const distance = Math.abs(passed)
  if (distance > 7 * DAY) return date(iso)
  // Also what is a little ahead: the server's clock and this one may differ.
  if (distance < 10_000) return 'just now'
  const text = short(distance)
  return passed < 0 ? `in ${text}` : `${text} ago`
}

/** When something is to happen: "in 4m", "in a moment", also where that time is over already. */
export function due(iso: string, now: number = Date.now()): string {
  return new Date(iso).getTime() - now < 10_000 ? 'in a moment' : ago(iso, now)
}

function short(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / 1000)}s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`
  return `${Math.floor(ms / DAY)}d`
}

/** "38 ms", "2.1 s", "3 min 20 s", "30 min". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1)} s`
  if (ms < HOUR) return two(Math.floor(ms / MINUTE), 'min', Math.floor((ms % MINUTE) / 1000), 's')
  return two(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min')
}

/** The smaller unit only where there is something of it. */
function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

export const GROUPS = ['Today', 'Yesterday', 'Previous 7 days', 'Older'] as const
export type Group = (typeof GROUPS)[number]

/** Which heading of the chat list a time belongs under, by calendar days of this browser. */
export function group(iso: string, now: Date = new Date()): Group {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate())
  const before = (days: number) =>
    new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() - days)
  const at = new Date(iso)
  if (at >= midnight) return 'Today'
  if (at >= before(1)) return 'Yesterday'
  if (at >= before(7)) return 'Previous 7 days'
  return 'Older'
}
