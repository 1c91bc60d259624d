import type { Page } from '@playwright/test'
import { expect, expectAccessible, test } from './fixtures'

// The tests follow the order of the wizard.
test.describe.configure({ mode: 'serial' })
test.use({ allowConsole: /status of 4(01|03|04|09|22)/ })

const title = (page: Page, name: string) =>
  expect(page.getByRole('heading', { level: 1, name })).toBeFocused()

test('the setup, from the link to the first chat, by keyboard only', async ({ page, mosaic }) => {
  const { setupToken, username, password, llm } = mosaic
  await page.goto(`/setup#token=${setupToken}`)
  await expect(page.getByRole('heading', { level: 1, name: 'Create the admin account' })).toBeVisible()
  expect(page.url()).not.toContain(setupToken)
  expect(await page.content()).not.toContain(setupToken)
  expect(
    await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])),
  ).not.toContain(setupToken)
  await expectAccessible(page)

  const user = page.getByRole('textbox', { name: 'User name' })
  await user.focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(username)
  await page.keyboard.press('Tab')
  await page.keyboard.type('short')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Use at least 12 characters.')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Password' })).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')

  await title(page, 'Set up single sign-on')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Skip for now' }).press('Enter')

  await title(page, 'Connect a model provider')
  await page.getByRole('radio', { name: 'OpenAI-compatible' }).press('Space')
  await page.getByRole('textbox', { name: 'API address' }).focus()
  await page.keyboard.type(`${llm}/v1`)
  await page.getByRole('textbox', { name: /^API key/ }).focus()
  await page.keyboard.type('sk-bad-key')
  await page.getByRole('switch', { name: 'Allow this address in a private network' }).press('Space')
  await page.getByRole('textbox', { name: 'Model id' }).focus()
  await page.keyboard.type('stub-small')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save and test' }).press('Enter')
  const test = page.getByRole('region', { name: 'Connection test' })
  await expect(test).toContainText('The connection failed')
  await expect(test).toContainText(
    'The provider rejected this key (401). Check that it is active and complete.',
  )
  await expectAccessible(page)

  // The key is corrected in place; the other fields keep their values.
  await page.getByRole('button', { name: 'Replace' }).press('Enter')
  await page.getByRole('textbox', { name: /^API key/ }).focus()
  await page.keyboard.type('sk-good-key-1234')
  await page.getByRole('button', { name: 'Load the list' }).press('Enter')
  await expect(page.getByRole('list', { name: 'Models of this provider' })).toContainText('stub-small')
  await page.getByRole('button', { name: 'Save and test' }).press('Enter')
  await expect(test).toContainText('The connection works')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Continue' }).press('Enter')

  await title(page, 'Create your first agent')
  await expectAccessible(page)
  await page.getByRole('radio', { name: /^Research/ }).press('Space')
  await page.getByRole('button', { name: 'Create agent' }).press('Enter')

  await title(page, 'Mosaic is ready')
  await expect(page.getByText('Ada, on openai-compatible/stub-small')).toBeVisible()
  await expectAccessible(page)
  // A reload continues at the same step.
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'Mosaic is ready' })).toBeVisible()
  await page.getByRole('button', { name: 'Start chatting' }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'New chat' })).toBeVisible()
})

test('the setup is closed afterwards', async ({ page }) => {
  await page.goto('/setup')
  await expect(page).toHaveURL(/\/login/)
})
