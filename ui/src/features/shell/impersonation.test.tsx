import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test, vi } from 'vitest'
import {
  actingAccount,
  isStalePage,
  loadActingAccount,
  setActingAccount,
  takeLostAccess,
} from '@/api/acting-account'
import { setAccessLostHandler } from '@/api/client'
import { openPage, status } from '@/test-page'
import { handleLostAccess, resetAfterSessionEnd, startImpersonation } from './impersonation'

const DESK = { id: 'usr_9', username: 'help-desk', displayName: 'help-desk', role: 'user', keptBy: 'maya' }
const assign = vi.fn()

beforeEach(() => {
  sessionStorage.clear()
  loadActingAccount()
  assign.mockClear()
  vi.stubGlobal('location', { assign, href: 'http://here/' })
})

test('requests carry the acting account, and drafts are cleared', async () => {
  sessionStorage.setItem('mosaic.draft.new', 'my own draft')
  startImpersonation(DESK.id)
  expect(assign.mock.calls).toEqual([['/chat']])
  expect(sessionStorage.getItem('mosaic.draft.new')).toBeNull()
  // The current page keeps its account until the next page is loaded.
  expect([actingAccount(), isStalePage()]).toEqual([null, true])
  loadActingAccount()
  const calls = await openPage('/settings/data', {
    'GET /api/auth/me': DESK,
    'GET /api/me/export': status(204),
  })
  expect(await screen.findByRole('button', { name: 'Make an export' })).toBeVisible()
  expect(calls.map(({ account }) => account)).toEqual(calls.map(() => DESK.id))
})

test('an impersonating admin sees the account on every page, and no pages of their own account', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  await openPage('/settings/data', { 'GET /api/auth/me': DESK, 'GET /api/me/export': status(204) })
  const bar = await screen.findByRole('region', { name: 'Acting account' })
  expect(bar).toHaveTextContent('You are acting as help-desk')
  for (const name of ['Fleet', 'Users', 'Audit', 'Sessions', 'Instance'])
    expect(screen.queryByRole('link', { name })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Delete my account' })).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Back to your account' }))
  expect(assign.mock.calls).toEqual([['/fleet']])
  expect([actingAccount(), isStalePage()]).toEqual([DESK.id, true])
  loadActingAccount()
  expect(actingAccount()).toBeNull()
})

test('a tab whose agent is gone goes back to the signed-in user and reports it once', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  setAccessLostHandler(handleLostAccess)
  await openPage('/settings/data', {
    'GET /api/auth/me': DESK,
    'GET /api/me/export': status(403, {
      status: 403,
      code: 'not_kept',
      detail: 'You cannot act for this account.',
    }),
  })
  await expect.poll(() => assign.mock.calls).toEqual([['/chat']])
  loadActingAccount()
  expect(actingAccount()).toBeNull()
  expect([takeLostAccess(), takeLostAccess()]).toEqual([true, false])
})

test('a server that answers for the admin ends the impersonation', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  await openPage('/settings/data', {
    'GET /api/auth/me': { id: 'usr_1', username: 'maya', displayName: 'Maya', role: 'admin' },
    'GET /api/me/export': status(204),
  })
  await expect.poll(() => assign.mock.calls).toEqual([['/chat']])
  loadActingAccount()
  expect(actingAccount()).toBeNull()
})

test('a user who signs in on the page of an agent starts as themselves, without its drafts', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  sessionStorage.setItem('mosaic.draft.new', 'for the help desk')
  resetAfterSessionEnd()
  expect([actingAccount(), isStalePage()]).toEqual([null, false])
  expect(sessionStorage.getItem('mosaic.draft.new')).toBeNull()
  sessionStorage.setItem('mosaic.draft.new', 'my own')
  resetAfterSessionEnd()
  expect(sessionStorage.getItem('mosaic.draft.new')).toBe('my own')
})
