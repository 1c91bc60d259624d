import { describe, expect, it } from 'vitest'
import { ago, due, duration, group } from './time'

const NOW = new Date(2026, 10, 22, 12, 0, 0)
const earlier = (ms: number) => new Date(NOW.getTime() - ms).toISOString()
const HOUR = 3_600_000

describe('group', () => {
  it('goes by calendar days, not by hours', () => {
    expect(group(earlier(11 * HOUR), NOW)).toBe('Today')
    expect(group(earlier(13 * HOUR), NOW)).toBe('Yesterday')
    expect(group(earlier(37 * HOUR), NOW)).toBe('Previous 7 days')
    expect(group(earlier(8 * 24 * HOUR), NOW)).toBe('Older')
  })
})

describe('ago', () => {
  it('speaks of the past and of the future', () => {
    expect(ago(earlier(3000), NOW.getTime())).toBe('just now')
    expect(ago(earlier(4 * 60_000), NOW.getTime())).toBe('4m ago')
    expect(ago(earlier(-4 * 60_000), NOW.getTime())).toBe('in 4m')
    expect([-3000, 3000, -4 * 60_000].map((ms) => due(earlier(ms), NOW.getTime()))).toEqual([
      'in a moment',
      'in a moment',
      'in 4m',
    ])
    expect(ago(earlier(30 * 24 * HOUR), NOW.getTime())).toBe('23 Oct 2026')
  })
})

describe('duration', () => {
  it('takes the unit that fits', () => {
    expect([38, 2100, 200_000, 1_800_000, 2 * HOUR + 60_000].map(duration)).toEqual([
      '38 ms',
      '2.1 s',
      '3 min 20 s',
      '30 min',
      '2 h 1 min',
    ])
  })
})
