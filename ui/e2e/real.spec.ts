import { ask, expect, expectAccessible, test, waitForAnswer } from './fixtures'

// A journey on the real OpenClaw: everything is real except the model.
test.describe.configure({ mode: 'serial', timeout: 300_000 })
test.use({ allowConsole: /status of 4(01|03|04)/ })

test('from the setup link to the first answer, the settings and the jobs, on the real agent', async ({
  page,
  mosaic,
}) => {
  await page.goto(`/setup#token=${mosaic.setupToken}`)
  await page.getByRole('textbox', { name: 'User name' }).fill(mosaic.username)
  await page.getByRole('textbox', { name: 'Password' }).fill(mosaic.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: 'Skip for now' }).click()

  await page.getByText('OpenAI-compatible').click()
  await page.getByRole('textbox', { name: 'API address' }).fill(`${mosaic.llm}/v1`)
  await page.getByRole('textbox', { name: /^API key/ }).fill('sk-good-key-1234')
  await page.getByRole('switch', { name: 'Allow this address in a private network' }).click()
  await page.getByRole('textbox', { name: 'Model id' }).fill('stub-small')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save and test' }).click()
  await expect(page.getByText('The connection works')).toBeVisible()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Create agent' }).click()
  await page.getByRole('button', { name: 'Start chatting' }).click()

  // The first message creates the container and shows every step.
  await page.getByRole('textbox', { name: /^Message to/ }).fill('Good morning [[llm:tokens=40,gap=20]]')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(page.getByText('Starting your agent')).toBeVisible()
  await expectAccessible(page)
  await expect(page.locator('.prose')).toContainText('w5', { timeout: 200_000 })
  await waitForAnswer(page)
  await expect(page.locator('.prose')).toContainText('w39')
  await expect(page.getByText(/\d tokens/)).toBeVisible()
  await page.reload()
  await expect(page.locator('.prose')).toContainText('w39')

  // The container is awake: the next answer comes without a start.
  await ask(page, 'And again')
  await waitForAnswer(page)
  await expect(page.locator('.prose')).not.toBeEmpty()
  await expect(page.getByRole('alert')).toHaveCount(0)

  await page.goto('/settings/agents')
  await expect(page.getByText('Awake', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Ada' }).click()
  const sheet = page.getByRole('dialog', { name: 'Ada' })
  await sheet.getByRole('textbox', { name: 'How it behaves' }).fill('Be brief.')
  await sheet.getByRole('button', { name: 'Save changes' }).click()
  await expect(sheet).toHaveCount(0)

  await page.goto('/jobs')
  // The oldest job: later ones found nothing to do.
  await page.getByRole('link', { name: 'Start a container' }).last().click()
  const job = page.getByRole('dialog', { name: 'Start a container' })
  await expect(job.getByText('Done').first()).toBeVisible()
  await expect(job.getByRole('region', { name: 'Phases' })).toContainText('Load the agents')
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  // After sleeping it wakes with the next message and remembers the chat.
  await page.goto('/settings/agents')
  await page.getByRole('button', { name: 'Put to sleep' }).click()
  await expect(page.getByText('Asleep', { exact: true })).toBeVisible({ timeout: 60_000 })
  await page.goto('/chat')
  await page
    .getByRole('navigation', { name: 'Chats' })
    .getByRole('link', { name: /Good morning/ })
    .click()
  await page.getByRole('textbox', { name: /^Message to/ }).fill('Still there?')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(page.getByRole('article')).toHaveCount(2)
  await expect(page.getByRole('article').last().locator('.prose')).not.toBeEmpty({ timeout: 120_000 })
  await waitForAnswer(page)
  await expect(page.getByRole('alert')).toHaveCount(0)
})
