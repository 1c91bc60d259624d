import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { ask, expect, expectAccessible, expectNoHorizontalScroll, test, waitForAnswer } from './fixtures'
import { waitForFirstAnswer } from './set-up'

// A duplicate name, admin-only requests, and an agent that was removed in the meantime.
test.use({ allowConsole: /status of (409|403)/ })

test('an agent of the instance is created, impersonated, used by a program, and removed @mobile', async ({
  page,
  mosaic,
  server,
  playwright,
}) => {
  test.setTimeout(180_000)
  await page.goto('/fleet')
  const card = page.locator('section', {
    has: page.getByRole('heading', { name: "The instance's own agents" }),
  })
  await card.getByRole('button', { name: 'New agent' }).click()
  const dialog = page.getByRole('dialog', { name: 'A new agent of the instance' })
  await dialog.getByRole('textbox', { name: 'Name' }).fill(mosaic.username)
  await dialog.getByRole('textbox', { name: 'What it is for' }).fill('Answers questions about orders')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByText(/has this name/)).toBeVisible()
  await expectAccessible(page)
  await dialog.getByRole('textbox', { name: 'Name' }).fill('help-desk')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(card.getByText('Answers questions about orders')).toBeVisible()
  await expectAccessible(page)
  await expectNoHorizontalScroll(page)

  const open = card.getByRole('button', { name: 'Open help-desk' })
  await open.click()
  const bar = page.getByRole('region', { name: 'Acting account' })
  await expect(bar).toContainText('You are acting as help-desk')
  const id = (await page.evaluate(() => sessionStorage.getItem('mosaic.account'))) ?? ''
  const accountApi = await playwright.request.newContext({
    baseURL: mosaic.url,
    storageState: server.state,
    extraHTTPHeaders: { 'x-mosaic-account': id },
  })
  const provider = await accountApi.post('/api/providers', {
    data: {
      kind: 'openai-compatible',
      name: 'OpenAI-compatible',
      baseUrl: `${mosaic.llm}/v1`,
      apiKey: 'sk-good-key-1234',
      models: [{ id: 'stub-small' }],
    },
  })
  expect(provider.status(), await provider.text()).toBe(201)
  const agent = { name: 'Dora', model: 'openai-compatible/stub-small' }
  expect((await accountApi.post('/api/agents', { data: agent })).status()).toBe(201)
  await waitForFirstAnswer(mosaic, accountApi)
  await accountApi.dispose()

  await ask(page, 'When does the parcel come')
  await waitForAnswer(page)
  await expect(bar).toBeVisible()
  await expect(page.getByRole('link', { name: 'Fleet' })).toHaveCount(0)
  await expectAccessible(page)
  await expectNoHorizontalScroll(page)

  await page.goto('/settings/tokens')
  await page.getByRole('button', { name: 'Create token' }).first().click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('the shop')
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click()
  const token = await page.getByRole('dialog').locator('code').innerText()
  await page.getByRole('button', { name: 'I have copied it' }).click()
  const program = await playwright.request.newContext({
    baseURL: mosaic.url,
    extraHTTPHeaders: { authorization: `Bearer ${token}` },
  })
  const question = { model: 'dora', messages: [{ role: 'user', content: 'Hello' }] }
  expect((await program.post('/v1/chat/completions', { data: question })).status()).toBe(200)

  await page.goto('/settings/data')
  await expect(page.getByRole('button', { name: 'Delete my account' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Make an export' }).click()
  const download = page.getByRole('button', { name: 'Download' })
  await expect(download).toBeVisible({ timeout: 90_000 })
  await expectNoHorizontalScroll(page)
  const arrives = page.waitForEvent('download')
  await download.click()
  const archive = gunzipSync(readFileSync(await (await arrives).path())).toString('latin1')
  expect(archive).toContain('When does the parcel come')
  await page.goto('/fleet')
  await expect(page.getByText('Only admins can open this')).toBeVisible()

  await bar.getByRole('button', { name: 'Back to your account' }).click()
  await expect(card.getByText('Awake')).toBeVisible()
  await expect(bar).toHaveCount(0)

  await open.click()
  await expect(bar).toBeVisible()
  // Another session removes it.
  const removed = await page.request.delete(`/api/fleet/system-containers/${id}`)
  expect(removed.status()).toBe(202)
  expect((await program.get('/v1/models')).status()).toBe(401)
  await program.dispose()
  await page.goto('/settings/providers')
  await expect(page.getByRole('region', { name: 'Notifications' })).toContainText(
    'You are back in your own account',
  )
  await expect(bar).toHaveCount(0)
  await page.goto('/fleet')
  await expect(card.getByText('None yet')).toBeVisible({ timeout: 60_000 })
})
