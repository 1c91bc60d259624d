import { expect, test } from 'vitest'
import { bytes } from './bytes'

test('sizes read as people write them', () => {
  expect([0, 812, 1536, 2 * 1024 ** 3, 12.4 * 1024 ** 3].map(bytes)).toEqual([
    '0 B',
    '812 B',
    '1.5 KiB',
    '2 GiB',
    '12 GiB',
  ])
})
