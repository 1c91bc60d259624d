import { beforeEach, expect, test } from 'vitest'
import { recordReload } from './reload-on-missing-chunk'

beforeEach(() => sessionStorage.clear())

test('the page is reloaded at most three times in half a minute', () => {
  const times = [0, 1000, 2000, 3000, 29_000].map(recordReload)
  expect(times).toEqual([0, 1, 2, null, null])
  expect(recordReload(32_500)).toBe(0)
})
