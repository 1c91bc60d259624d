import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { openPage, status } from '@/test-page'

const REFUSAL = 'This is the breakglass account, the way in when nothing else works. It cannot be deleted.'
const none = { 'GET /api/me/export': status(204) }

test('an export is started, shows its progress, and can be downloaded', async () => {
  let state: 'none' | 'running' | 'ready' = 'none'
  const archive = {
    jobId: 'job_1',
    sizeBytes: 3 * 1024 ** 2,
    createdAt: new Date().toISOString(),
    expiresAt: null,
    detail: null,
  }
  await openPage('/settings/data', {
    'GET /api/me/export': () => (state === 'none' ? status(204) : { ...archive, state }),
    'POST /api/me/export': () => {
      state = 'running'
      return { jobId: 'job_1' }
    },
    'GET /api/jobs/job_1': () => {
      const job = state === 'ready' ? 'done' : 'running'
      return { id: 'job_1', state: job, progress: 30, phases: [], attempts: [] }
    },
  })
  await userEvent.click(await screen.findByRole('button', { name: 'Make an export' }))
  expect(await screen.findByText('Collecting your data')).toBeVisible()
  await expect
    .poll(() => screen.getByRole('progressbar', { name: 'Export' }).getAttribute('aria-valuenow'))
    .toBe('30')
  state = 'ready'
  const link = await screen.findByRole('link', { name: 'Download' }, { timeout: 4000 })
  expect(link).toHaveAttribute('href', '/api/me/export/download')
  expect(screen.getByText('Your data, 3 MiB')).toBeVisible()
})

test('an account is deleted only after typing the user name, and a refusal is shown', async () => {
  const assign = vi.fn()
  vi.stubGlobal('location', { assign, href: 'http://here/' })
  let refuses = true
  const calls = await openPage('/settings/data', {
    ...none,
    'DELETE /api/me': () =>
      refuses
        ? status(409, {
            status: 409,
            code: 'breakglass_protected',
            detail: REFUSAL,
          })
        : { jobId: 'job_1' },
  })
  await userEvent.click(await screen.findByRole('button', { name: 'Delete my account' }))
  const dialog = await screen.findByRole('dialog', { name: 'Delete your account?' })
  const remove = within(dialog).getByRole('button', { name: 'Delete my account' })
  await userEvent.type(within(dialog).getByRole('textbox'), 'May')
  expect(remove).toBeDisabled()
  await userEvent.type(within(dialog).getByRole('textbox'), '{Backspace}{Backspace}{Backspace}maya')
  await userEvent.click(remove)
  expect(await within(dialog).findByText(REFUSAL)).toBeVisible()
  expect(assign).not.toHaveBeenCalled()
  refuses = false
  await userEvent.click(remove)
  await expect.poll(() => assign.mock.calls).toEqual([['/login?deleted=true']])
  expect(calls.findLast(({ method }) => method === 'DELETE')?.body).toEqual({ confirm: 'maya' })
})
