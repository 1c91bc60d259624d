import { expect, test } from 'vitest'
import { formatBytes } from './bytes'

test('sizes have a unit and at most one decimal', () => {
  expect([0, 812, 1536, 2 * 1024 ** 3, 12.4 * 1024 ** 3].map(formatBytes)).toEqual([
    '0 B',
    '812 B',
    '1.5 KiB',
    '2 GiB',
    '12 GiB',
  ])
})
