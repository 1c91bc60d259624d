import type { Page } from '@playwright/test'
import { expect, expectAccessible, test } from './fixtures'
import type { Mosaic } from './mosaic'

// These tests start signed out, and type wrong passwords on purpose.
test.use({ storageState: { cookies: [], origins: [] }, allowConsole: /status of (401|429)/ })

async function signIn(page: Page, mosaic: Mosaic, password = mosaic.password): Promise<void> {
  await page.getByRole('textbox', { name: 'User name' }).fill(mosaic.username)
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('signing in leads to the requested page, signing out to the sign-in @mobile', async ({
  page,
  mosaic,
  isMobile,
}) => {
  await page.goto('/settings/tokens')
  await expect(page).toHaveURL(/\/login\?next=/)
  // The address changes before the page is rendered.
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expectAccessible(page)
  await signIn(page, mosaic, 'wrong password 123')
  await expect(page.getByRole('alert')).toBeVisible()
  await expectAccessible(page)
  await signIn(page, mosaic)
  await expect(page).toHaveURL(/\/settings\/tokens$/)
  if (isMobile) await page.getByRole('button', { name: 'Open the menu' }).click()
  await page.getByRole('button', { name: new RegExp(mosaic.username) }).click()
  await expectAccessible(page)
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  await page.goto('/chat')
  await expect(page).toHaveURL(/\/login/)
})

test('a session that is ended elsewhere leads to the sign-in and back', async ({ page, browser, mosaic }) => {
  await page.goto('/login')
  await signIn(page, mosaic)
  await expect(page.getByRole('heading', { level: 1, name: 'New chat' })).toBeVisible()
  const other = await browser.newContext({
    baseURL: mosaic.url,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  })
  const elsewhere = await other.newPage()
  await elsewhere.goto('/login')
  await signIn(elsewhere, mosaic)
  await expect(elsewhere.getByRole('heading', { level: 1, name: 'New chat' })).toBeVisible()
  await elsewhere.goto('/settings/sessions')
  await expect(elsewhere.getByText('This session')).toBeVisible()
  await expectAccessible(elsewhere)
  // Any other session except the one of the remaining tests, which is the oldest.
  await elsewhere
    .getByRole('button', { name: /^End session: Chrome/ })
    .first()
    .click()
  await expect(elsewhere.getByText('Session ended').first()).toBeAttached()
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page).toHaveURL(/\/login\?next=/)
  await signIn(page, mosaic)
  await expect(page).toHaveURL(/\/settings/)
  await other.close()
})

test('a foreign address is never where a sign-in leads', async ({ page, mosaic }) => {
  await page.goto('/login?next=//evil.example/')
  await signIn(page, mosaic)
  await expect(page).toHaveURL(/\/chat$/)
  expect(new URL(page.url()).origin).toBe(new URL(mosaic.url).origin)
})
