import { describe, expect, it } from 'vitest'
import { dayGroup, formatDuration, timeAgo, timeUntil } from './time'

const NOW = new Date(2026, 10, 22, 12, 0, 0)
const earlier = (ms: number) => new Date(NOW.getTime() - ms).toISOString()
const HOUR_MS = 3_600_000

describe('dayGroup', () => {
  it('uses calendar days, not hours', () => {
    expect(dayGroup(earlier(11 * HOUR_MS), NOW)).toBe('Today')
    expect(dayGroup(earlier(13 * HOUR_MS), NOW)).toBe('Yesterday')
    expect(dayGroup(earlier(37 * HOUR_MS), NOW)).toBe('Previous 7 days')
    expect(dayGroup(earlier(8 * 24 * HOUR_MS), NOW)).toBe('Older')
  })
})

describe('timeAgo and timeUntil', () => {
  it('cover the past and the future', () => {
    expect(timeAgo(earlier(3000), NOW.getTime())).toBe('just now')
    expect(timeAgo(earlier(4 * 60_000), NOW.getTime())).toBe('4m ago')
    expect(timeAgo(earlier(-4 * 60_000), NOW.getTime())).toBe('in 4m')
    expect([-3000, 3000, -4 * 60_000].map((ms) => timeUntil(earlier(ms), NOW.getTime()))).toEqual([
      'in a moment',
      'in a moment',
      'in 4m',
    ])
    expect(timeAgo(earlier(30 * 24 * HOUR_MS), NOW.getTime())).toBe('23 Oct 2026')
  })
})

describe('formatDuration', () => {
  it('uses the units that fit', () => {
    expect([38, 2100, 200_000, 1_800_000, 2 * HOUR_MS + 60_000].map(formatDuration)).toEqual([
      '38 ms',
      '2.1 s',
      '3 min 20 s',
      '30 min',
      '2 h 1 min',
    ])
  })
})
