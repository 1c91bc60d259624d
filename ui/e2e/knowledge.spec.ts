import { ask, expect, expectAccessible, expectNoHorizontalScroll, test, waitForAnswer } from './fixtures'

test.describe('findings', () => {
  test('a finding is added, found by its words, changed and deleted @mobile', async ({ page }) => {
    await page.goto('/knowledge')
    await page.getByRole('link', { name: 'Add finding' }).first().click()
    const sheet = page.getByRole('dialog', { name: 'Add a finding' })
    await sheet.getByRole('textbox', { name: 'Title' }).fill('Walrus migration')
    await sheet
      .getByRole('textbox', { name: 'What was found' })
      .fill('Walruses follow the edge of the pack ice southwards in autumn.')
    await sheet.getByRole('textbox', { name: 'Tags' }).fill('animals, sea')
    await expectAccessible(page)
    await sheet.getByRole('button', { name: 'Add finding' }).click()
    await expect(sheet).toHaveCount(0)
    const list = page.getByRole('list', { name: 'Findings' })
    await expect(list).toContainText('Walrus migration')

    await page.getByRole('searchbox', { name: 'Search your findings' }).fill('pack ice')
    await expect(list.locator('mark').first()).toBeVisible()
    await expect(page).toHaveURL(/q=pack/)
    await expectAccessible(page)
    await expectNoHorizontalScroll(page)

    await list.getByRole('link', { name: 'Walrus migration' }).click()
    const saved = page.getByRole('dialog', { name: 'Walrus migration' })
    await saved.getByRole('textbox', { name: 'Title' }).fill('Walruses in autumn')
    await saved.getByRole('button', { name: 'Save changes' }).click()
    await list.getByRole('link', { name: 'Walruses in autumn' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete finding' }).click()
    await expect(page.getByRole('link', { name: 'Walruses in autumn' })).toHaveCount(0)
  })

  test('findings are exported as a file', async ({ page, request }) => {
    await request.post('/api/findings', { data: { content: 'Exported walrus' } })
    await page.goto('/knowledge')
    const arrives = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    expect((await arrives).suggestedFilename()).toBe('findings.json')
  })
})

test.describe('memory', () => {
  test.use({ allowConsole: /status of 409/ })

  test('an entry is added, changed with its history, and forgotten', async ({ page, request }) => {
    await page.goto('/knowledge?tab=memory')
    await page.getByRole('link', { name: 'Add entry' }).click()
    const sheet = page.getByRole('dialog', { name: 'Add an entry' })
    await sheet.getByRole('textbox', { name: 'Name' }).fill('user.address')
    await sheet.getByRole('textbox', { name: 'What it remembers' }).fill('Mrs Okafor')
    await sheet.getByRole('button', { name: 'Add entry' }).click()
    await expect(sheet).toHaveCount(0)
    await page.getByRole('link', { name: 'user.address' }).click()
    const entry = page.getByRole('dialog', { name: 'user.address' })
    const box = entry.getByRole('textbox', { name: 'What it remembers' })
    await expect(box).toHaveValue('Mrs Okafor')
    await expectAccessible(page)

    // A change from elsewhere must not be overwritten.
    const { items } = await (await request.get('/api/agents')).json()
    await request.put(`/api/memory/user.address?agentId=${items[0].id}`, { data: { value: 'Dr Okafor' } })
    await box.fill('Maya')
    await entry.getByRole('button', { name: 'Save changes' }).click()
    await expect(entry.getByText('Your agent changed this in the meantime')).toBeVisible()
    await entry.getByRole('button', { name: 'Reload it' }).click()
    await expect(box).toHaveValue('Dr Okafor')
    await expect(entry.getByRole('region', { name: 'History' })).toContainText('Mrs Okafor')
    await entry.getByRole('button', { name: 'Forget' }).click()
    await page.getByRole('button', { name: 'Forget it' }).click()
    await expect(page.getByRole('link', { name: 'user.address' })).toHaveCount(0)
  })
})

test.describe('conversations', () => {
  test('a chat is found by its messages, with a link back @mobile', async ({ page }) => {
    await ask(page, 'Tell me about the tusks of the narwhal')
    await waitForAnswer(page)
    await page.goto('/knowledge?tab=conversations&q=narwhal')
    const hits = page.getByRole('list', { name: 'Messages found' })
    // The archive follows an answer within ten seconds.
    await expect(async () => {
      await page.reload()
      await expect(hits.locator('mark').first()).toBeVisible({ timeout: 3000 })
    }).toPass({ timeout: 40_000 })
    await expectAccessible(page)
    await expectNoHorizontalScroll(page)
    await hits.getByRole('link').first().click()
    const sheet = page.getByRole('dialog')
    await expect(sheet.locator('[aria-current="true"]')).toContainText('narwhal')
    await expectAccessible(page)
    await sheet.getByRole('link', { name: 'Open the chat' }).click()
    await expect(page).toHaveURL(/\/chat\/cht_/)
    await expect(page.getByRole('log')).toContainText('narwhal')
  })
})
