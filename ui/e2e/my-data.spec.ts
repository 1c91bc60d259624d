import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { ask, expect, expectAccessible, expectNoHorizontalScroll, test, waitForAnswer } from './fixtures'

test.use({ allowConsole: /status of 409/ })

test('all data is exported, without keys @mobile', async ({ page }) => {
  test.setTimeout(120_000)
  await ask(page, 'Remember the walrus')
  await waitForAnswer(page)
  await page.goto('/settings/data')
  await page.getByRole('button', { name: /^Make (an|a new) export$/ }).click()
  const link = page.getByRole('link', { name: 'Download' })
  await expect(link).toBeVisible({ timeout: 90_000 })
  await expectAccessible(page)
  await expectNoHorizontalScroll(page)
  const arrives = page.waitForEvent('download')
  await link.click()
  const file = await arrives
  const archive = gunzipSync(readFileSync(await file.path())).toString('latin1')
  expect(archive).toContain('Remember the walrus')
  expect(archive).not.toContain('sk-good-key-1234')
})

test('the breakglass account is not deleted', async ({ page, mosaic }) => {
  await page.goto('/settings/data')
  await page.getByRole('button', { name: 'Delete my account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
  const remove = dialog.getByRole('button', { name: 'Delete my account' })
  await expect(remove).toBeDisabled()
  await dialog.getByRole('textbox').fill(mosaic.username)
  await expectAccessible(page)
  await remove.click()
  await expect(dialog.getByText('Your account was not deleted')).toBeVisible()
})
