import type { Page } from '@playwright/test'
import { allowWake, ask, expect, expectAccessible, putToSleep, test, waitForAnswer } from './fixtures'

// The server is killed while the page is open, as by a power cut, and restarts on its stored data.
test.use({ allowConsole: /ERR_(CONNECTION|EMPTY|INCOMPLETE|NETWORK)|status of 50[234]/ })
test.describe.configure({ timeout: 120_000 })

const words = async (page: Page) => (await page.locator('.prose').innerText()).trim().split(/\s+/)

test('killed during an answer: its text is kept without repetition, and Try again works', async ({
  page,
  mosaic,
  request,
}) => {
  const path = await ask(page, 'Long [[stub:tokens=600,gap=50]]')
  await expect(page.getByText('w40', { exact: false })).toBeVisible()
  await mosaic.crash()
  await expect(page.getByText('Connection lost. Reconnecting')).toBeVisible()
  await expectAccessible(page)
  expect((await words(page)).length).toBeGreaterThanOrEqual(40)
  await mosaic.start()

  const again = page.getByRole('button', { name: 'Try again' })
  await expect(again).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(/interrupted/i).first()).toBeVisible()
  await expectAccessible(page)
  const kept = await words(page)
  expect(kept.length).toBeGreaterThanOrEqual(30)
  expect(new Set(kept).size, 'no word twice').toBe(kept.length)
  const chat = await (await request.get(`/api${path.replace('/chat/', '/chats/')}`)).json()
  expect(chat.turns).toHaveLength(1)
  expect(chat.turns[0].answer.trim().split(/\s+/)).toEqual(kept)

  await page.getByRole('button', { name: 'Edit and send again' }).click()
  await page.getByRole('textbox', { name: 'Edit your message' }).fill('Shorter [[stub:tokens=50,gap=5]]')
  await page.getByRole('button', { name: 'Send again' }).click()
  await waitForAnswer(page)
  expect(await words(page)).toHaveLength(50)
  await expect(again).toHaveCount(0)
})

test('killed while the agent wakes up: the message is answered without any action', async ({
  page,
  mosaic,
  request,
}) => {
  await putToSleep(request)
  await ask(page, 'Do not forget me [[stub:tokens=80,gap=5]]')
  await expect(page.getByText('Starting your agent')).toBeVisible()
  await mosaic.crash()
  await mosaic.start()
  await allowWake(request)
  await expect(page.getByText('w79')).toBeVisible({ timeout: 60_000 })
  await waitForAnswer(page)
  expect(await words(page)).toHaveLength(80)
  await expect(page.getByRole('article')).toHaveCount(1)
})
