import type { APIRequestContext } from '@playwright/test'
import { expect, expectAccessible, test } from './fixtures'

/** Creates jobs: provider tests, one after the other. */
async function makeJobs(request: APIRequestContext, count: number): Promise<void> {
  const { items } = await (await request.get('/api/providers')).json()
  for (let made = 0; made < count; made += 1) {
    const { jobId } = await (await request.post(`/api/providers/${items[0].id}/test`, { data: {} })).json()
    await expect.poll(async () => (await (await request.get(`/api/jobs/${jobId}`)).json()).state).toBe('done')
  }
}

test('the jobs page is live, and its filters are in the address', async ({ page, request }) => {
  await page.goto('/jobs')
  await expect(page.getByRole('list', { name: 'Jobs by state' })).toContainText('Done')
  await makeJobs(request, 2)
  const table = page.getByRole('table', { name: 'Jobs' })
  await expect(table.getByRole('link', { name: 'Test a provider' }).nth(1)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('test-provider')
  await page.getByRole('list', { name: 'Jobs by state' }).getByRole('link', { name: /Done/ }).click()
  await expect(page).toHaveURL(/kind=test-provider/)
  await expect(page).toHaveURL(/state=done/)
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Kind' })).toHaveValue('test-provider')
  await expect(table.getByRole('link').first()).toHaveText('Test a provider')
  await page.getByRole('searchbox', { name: 'Search by kind or id' }).fill('no-such-kind')
  await expect(page.getByText('No jobs match these filters')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(page).toHaveURL(/\/jobs$/)
})

test('a job opens over the list, Esc closes it, and focus returns', async ({ page, request }) => {
  await makeJobs(request, 1)
  await page.goto('/jobs?kind=test-provider')
  const link = page
    .getByRole('table', { name: 'Jobs' })
    .getByRole('link', { name: 'Test a provider' })
    .first()
  await link.focus()
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog', { name: 'Test a provider' })
  await expect(sheet.getByRole('region', { name: 'Phases' })).toContainText('Check the key')
  await expect(sheet.getByRole('region', { name: 'Attempts' })).toContainText('Attempt 1')
  await expect(page).toHaveURL(/\/jobs\/job_\w+\?kind=test-provider/)
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  await expect(link).toBeFocused()
  await expect(page).toHaveURL(/\/jobs\?kind=test-provider/)
})

test('jobs are selected, which pauses the list, and discarded together', async ({ page, request }) => {
  await makeJobs(request, 2)
  await page.goto('/jobs?kind=test-provider&state=done')
  const table = page.getByRole('table', { name: 'Jobs' })
  await expect(table.getByRole('row').nth(2)).toBeVisible()
  await page.getByRole('checkbox', { name: 'Select all jobs shown' }).check()
  await expect(page.getByRole('button', { name: /^Paused/ })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: /^Discard/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByRole('region', { name: 'Notifications' })).toContainText(/\d+ jobs? discarded/)
  await expect(page.getByText('No jobs match these filters')).toBeVisible()
})

test('lanes pause, jobs say why they wait, schedules run now', async ({ page, request }) => {
  await page.goto('/jobs?view=lanes')
  await page.getByRole('button', { name: 'Pause lane providers' }).click()
  await expect(page.getByRole('button', { name: 'Resume lane providers' })).toBeVisible()
  await expectAccessible(page)
  const { items } = await (await request.get('/api/providers')).json()
  const { jobId } = await (await request.post(`/api/providers/${items[0].id}/test`, { data: {} })).json()
  await page.goto(`/jobs/${jobId}`)
  await expect(page.getByRole('dialog')).toContainText('Lane providers is paused')
  await page.getByRole('button', { name: 'Cancel job' }).click()
  await expect(page.getByRole('dialog').getByText('Cancelled').first()).toBeVisible()
  await page.getByRole('button', { name: 'Retry now' }).click()
  await page.goto('/jobs?view=lanes')
  await page.getByRole('button', { name: 'Resume lane providers' }).click()
  await expect(page.getByRole('button', { name: 'Pause lane providers' })).toBeVisible()
  await expect.poll(async () => (await (await request.get(`/api/jobs/${jobId}`)).json()).state).toBe('done')

  await page.getByRole('link', { name: 'Schedules' }).click()
  await page
    .getByRole('button', { name: /^Run now/ })
    .first()
    .click()
  await expect(page.getByRole('region', { name: 'Notifications' })).toContainText('runs now')
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Workers' }).click()
  await expect(page.getByText('Alive').first()).toBeVisible()
  await expectAccessible(page)
})

test('a user who is not an admin sees neither lanes nor admin pages', async ({ page, mosaic }) => {
  await page.route('**/api/auth/me', (route) =>
    route.fulfill({
      json: {
        id: 'usr_01a20000000070008000000000000001',
        username: mosaic.username,
        displayName: 'Ben',
        role: 'user',
      },
    }),
  )
  await page.goto('/jobs?view=lanes')
  await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Lanes' })).toHaveCount(0)
  await expect(
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Users' }),
  ).toHaveCount(0)
  for (const path of ['/users', '/audit', '/settings/instance', '/settings/sign-in']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'Only admins can open this' })).toBeVisible()
  }
  await expectAccessible(page)
})
