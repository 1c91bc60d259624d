import { beforeEach, expect, test } from 'vitest'
import { noteReload } from './missing-parts'

beforeEach(() => sessionStorage.clear())

test('the page is loaded again three times in half a minute, and not for ever', () => {
  const times = [0, 1000, 2000, 3000, 29_000].map(noteReload)
  expect(times).toEqual([0, 1, 2, null, null])
  expect(noteReload(32_500)).toBe(0)
})
