import {
  allowWake,
  ask,
  expect,
  expectAccessible,
  expectNoHorizontalScroll,
  putToSleep,
  test,
  waitForAnswer,
} from './fixtures'

const composer = /^Message to/

test('a cold start shows its steps, then the answer streams in @mobile', async ({ page, request }) => {
  await putToSleep(request)
  await ask(page, 'Wake up, please [[stub:delay=500]]')
  await expect(page.getByText('Starting your agent')).toBeVisible()
  await expect(page.getByText('Loading personality and memory')).toBeVisible()
  await expectNoHorizontalScroll(page)
  await allowWake(request)
  await waitForAnswer(page)
  await expect(page.getByText('Starting your agent')).toHaveCount(0)
  await expect(page.getByText(/\d tokens/)).toBeVisible()
  await expectAccessible(page)
})

test('an answer is stopped with Esc, keeps its text and can be requested again', async ({ page }) => {
  await ask(page, 'Count [[stub:tokens=2000,gap=20]]')
  await expect(page.getByText('w20')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(page.getByText('You stopped this answer.')).toBeVisible()
  await expect(page.getByText('w20')).toBeVisible()
  await page.getByRole('button', { name: 'Answer again' }).click()
  await expect(page.getByText('You stopped this answer.')).toHaveCount(0)
  await page.getByRole('button', { name: 'Stop the answer' }).click()
  await expect(page.getByText('You stopped this answer.')).toBeVisible()
})

test('a provider that refuses is explained, and Try again works', async ({ page }) => {
  await ask(page, 'Fail [[stub:error=429]]')
  const alert = page.getByRole('alert')
  await expect(alert).toBeVisible()
  await expect(alert.getByRole('button', { name: 'Try again' })).toBeVisible()
  await expectAccessible(page)
  // The corrected question.
  await page.getByRole('button', { name: 'Edit and send again' }).click()
  await page.getByRole('textbox', { name: 'Edit your message' }).fill('Now answer')
  await page.getByRole('button', { name: 'Send again' }).click()
  await waitForAnswer(page)
  await expect(alert).toHaveCount(0)
  await expect(page.getByRole('article')).toHaveCount(1)
})

test('a reload during an answer neither loses nor repeats text', async ({ page, request }) => {
  const path = await ask(page, 'Long [[stub:tokens=300,gap=15]]')
  await expect(page.getByText('w30')).toBeVisible()
  await page.reload()
  await expect(page.getByText('w60')).toBeVisible()
  await waitForAnswer(page)
  const chat = await (await request.get(`/api${path.replace('/chat/', '/chats/')}`)).json()
  const shown = await page.locator('.prose').innerText()
  const words = shown.trim().split(/\s+/)
  expect(words).toEqual(chat.turns[0].answer.trim().split(/\s+/))
  expect(words).toHaveLength(300)
})

test.describe('a connection that is cut', () => {
  test.use({ allowConsole: /ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK/ })

  test('does not end an answer', async ({ page, context }) => {
    await ask(page, 'Long [[stub:tokens=400,gap=15]]')
    await expect(page.getByText('w20')).toBeVisible()
    // The connection is cut during the stream, and comes back.
    const session = await context.newCDPSession(page)
    const cut = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', { offline: true, ...cut })
    await page.waitForTimeout(1500)
    await session.send('Network.emulateNetworkConditions', { offline: false, ...cut })
    await waitForAnswer(page)
    const words = (await page.locator('.prose').innerText()).trim().split(/\s+/)
    expect(words).toHaveLength(400)
    expect(new Set(words).size).toBe(400)
  })
})

test('a second tab follows the same answer', async ({ page, context }) => {
  const path = await ask(page, 'Both [[stub:tokens=200,gap=20]]')
  const second = await context.newPage()
  await second.goto(path)
  await expect(second.getByText('w50')).toBeVisible()
  await waitForAnswer(page)
  await page.bringToFront()
  await second.bringToFront()
  await waitForAnswer(second)
  expect(await second.locator('.prose').innerText()).toBe(await page.locator('.prose').innerText())
})

test('scrolling up stops following the end', async ({ page }) => {
  await ask(page, 'Long [[stub:tokens=1500,gap=4]]')
  await expect(page.getByText('w400')).toBeVisible()
  const log = page.getByRole('log')
  await log.hover()
  await page.mouse.wheel(0, -4000)
  await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeVisible()
  const at = await log.evaluate((element) => element.scrollTop)
  await expect(page.getByText('w900')).toBeAttached()
  expect(await log.evaluate((element) => element.scrollTop)).toBe(at)
  await page.getByRole('button', { name: 'Jump to latest' }).click()
  await expect(page.getByRole('button', { name: 'Jump to latest' })).toHaveCount(0)
  await waitForAnswer(page)
  expect(
    await log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight),
  ).toBeLessThan(40)
})

test('tools show as cards', async ({ page }) => {
  await ask(page, 'Use a tool [[stub:tool=exec]]')
  await waitForAnswer(page)
  const card = page.getByRole('log').locator('details')
  await expect(card).toHaveCount(1)
  await card.locator('summary').click()
  await expect(card).toContainText('exec')
  await expectAccessible(page)
})

test('a draft survives a reload and is cleared by sending', async ({ page }) => {
  await page.goto('/chat')
  const box = page.getByRole('textbox', { name: composer })
  await box.fill('half a thought')
  await page.reload()
  await expect(box).toHaveValue('half a thought')
  await box.press('Enter')
  await page.waitForURL(/\/chat\/cht_/)
  await waitForAnswer(page)
  await page.goto('/chat')
  await expect(box).toHaveValue('')
})

test.describe('a message that does not get through', () => {
  test.use({ allowConsole: /ERR_FAILED|ERR_INTERNET_DISCONNECTED/ })

  test('stays in the box', async ({ page }) => {
    await page.goto('/chat')
    await page.route('**/api/chats', (route) => route.abort())
    const box = page.getByRole('textbox', { name: composer })
    await box.fill('do not lose me')
    await box.press('Enter')
    await expect(page.getByRole('region', { name: 'Notifications' })).toContainText(
      'Your message was not sent',
    )
    await expect(box).toHaveValue('do not lose me')
    await page.unroute('**/api/chats')
    await box.press('Enter')
    await page.waitForURL(/\/chat\/cht_/)
    await waitForAnswer(page)
  })
})

test('chats are found, renamed, deleted and restored', async ({ page }) => {
  await ask(page, 'A chat about whales')
  await waitForAnswer(page)
  const list = page.getByRole('navigation', { name: 'Chats' })
  const whales = list.getByRole('link', { name: 'A chat about whales' })
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('/')
  await page.keyboard.type('whal')
  await expect(whales).toBeVisible()
  await expect(list.getByRole('link')).toHaveCount(1)
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Actions for A chat about whales' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  const dialog = page.getByRole('dialog', { name: 'Rename chat' })
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Dolphins')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Rename' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Dolphins' })).toBeVisible()

  const dolphins = list.getByRole('link', { name: 'Dolphins' })
  await page.getByRole('button', { name: 'Actions for Dolphins' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(dolphins).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(dolphins).toBeVisible()
  await page.getByRole('button', { name: 'Actions for Dolphins' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.reload()
  await expect(page.getByRole('navigation', { name: 'Chats' }).getByRole('link').first()).toBeVisible()
  await expect(dolphins).toHaveCount(0)
})

test('images of other servers are named, not loaded', async ({ page, request, mosaic }) => {
  const foreign: string[] = []
  const own = new URL(mosaic.url).origin
  page.on('request', (one) => {
    if (!one.url().startsWith(own) && !one.url().startsWith('data:')) foreign.push(one.url())
  })
  const path = await ask(page, 'Anything')
  await waitForAnswer(page)
  const id = path.replace('/chat/', '')
  const chat = await (await request.get(`/api/chats/${id}`)).json()
  chat.turns[0].answer =
    '![secret](https://tracker.example/p.png)\n\n<img src="https://tracker.example/q.png">\n\n```rust\nfn main() {}\n```'
  await page.route(`**/api/chats/${id}`, (route) => route.fulfill({ json: chat }))
  await page.reload()
  await expect(page.getByText('Image not loaded: secret')).toBeVisible()
  await expect(page.locator('.hljs-keyword').first()).toHaveText('fn')
  await expectAccessible(page)
  expect(foreign).toEqual([])
})

test.describe('a chat that is not there', () => {
  test.use({ allowConsole: /status of 404/ })

  test('says so', async ({ page }) => {
    await page.goto('/chat/cht_01a2000000007000800000000000dead')
    await expect(page.getByText('This chat does not exist')).toBeVisible()
    await expectAccessible(page)
  })
})
