import type { Page } from '@playwright/test'
import type { User } from '../src/api/types'
import { COLOUR_RULES, expect, expectAccessible, expectNoHorizontalScroll, test } from './fixtures'

const PAGES = [
  '/chat',
  '/jobs',
  '/jobs?view=lanes',
  '/jobs?view=workers',
  '/jobs?view=schedules',
  '/users',
  '/audit',
  '/settings/providers',
  '/settings/providers?open=new',
  '/settings/agents',
  '/settings/agents?open=new',
  '/settings/tokens',
  '/settings/sessions',
  '/settings/activity',
  '/settings/sign-in',
  '/settings/instance',
  '/settings/data',
  '/knowledge',
  '/fleet',
]

/** Opens a page and waits until it has loaded its data. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('h1')).toHaveCount(1)
  await expect(page.getByRole('status').filter({ hasText: 'Loading' })).toHaveCount(0)
}

for (const path of PAGES) {
  test.describe(path, () => {
    test('is accessible and fits, in both themes and at any width @mobile', async ({ page, isMobile }) => {
      await open(page, path)
      await expectAccessible(page)
      await expectNoHorizontalScroll(page)
      await page.evaluate(() => {
        document.documentElement.dataset.theme = 'dark'
      })
      await expectAccessible(page, COLOUR_RULES)
      if (!isMobile) return
      await page.setViewportSize({ width: 320, height: 640 })
      await expectNoHorizontalScroll(page)
    })
  })
}

test('the users and the audit log, with its exports', async ({ page }) => {
  await page.goto('/users')
  await expect(page.getByRole('table', { name: 'Users' })).toContainText('you')
  await page.goto('/audit')
  const table = page.getByRole('table', { name: 'Audit log' })
  await expect(table).toContainText('Completed the setup')
  await page.getByRole('combobox', { name: 'About' }).selectOption('agent')
  await expect(page).toHaveURL(/action=agent/)
  await expect(table).toContainText('Added an agent')
  await expect(table).not.toContainText('Completed the setup')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export as CSV' }).click()
  expect((await download).suggestedFilename()).toBe('mosaic-audit.csv')
})

test('one user has their own idle timeout', async ({ page, mosaic, request }) => {
  const users = async (): Promise<User[]> => (await (await request.get('/api/users')).json()).items
  await page.goto('/users')
  await page.getByRole('button', { name: `Actions for ${mosaic.username}` }).click()
  await page.getByRole('menuitem', { name: 'Set when it sleeps' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'It sleeps' }).selectOption({ label: 'After minutes unused' })
  await dialog.getByRole('spinbutton', { name: 'Minutes' }).fill('45')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('table', { name: 'Users' })).toContainText('45 min')
  // Other tests create and delete users at the same time.
  const changedUser = (await users()).find(({ username }) => username === mosaic.username)
  expect(changedUser?.idleTimeoutSeconds).toBe(2700)
})

test('the theme is chosen, kept, and set before the first paint', async ({ page }) => {
  await page.goto('/chat')
  await page.getByRole('button', { name: /Admin$/ }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload({ waitUntil: 'commit' })
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})

test('an unknown address shows a message', async ({ page }) => {
  await page.goto('/nowhere')
  await expect(page.getByRole('heading', { name: 'There is nothing at this address' })).toBeVisible()
  await expectAccessible(page)
})
