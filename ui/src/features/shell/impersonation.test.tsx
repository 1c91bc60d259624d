import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test, vi } from 'vitest'
import { account, loadActingAccount, isStalePage, setActingAccount, takeLostAccess } from '@/api/acting-account'
import { setAccessLostHandler } from '@/api/client'
import { openPage, status } from '@/test-page'
import { handleLostAccess, keep, leave } from './impersonation'

const DESK = { id: 'usr_9', username: 'help-desk', displayName: 'help-desk', role: 'user', keptBy: 'maya' }
const left = vi.fn()

beforeEach(() => {
  sessionStorage.clear()
  loadActingAccount()
  left.mockClear()
  vi.stubGlobal('location', { assign: left, href: 'http://here/' })
})

test('what a tab asks for says for whom, and drafts stay behind', async () => {
  sessionStorage.setItem('mosaic.draft.new', 'my own matter')
  keep(DESK.id)
  expect(left.mock.calls).toEqual([['/chat']])
  expect(sessionStorage.getItem('mosaic.draft.new')).toBeNull()
  // Until the next page is there this one goes on for whom it began.
  expect([account(), isStalePage()]).toEqual([null, true])
  loadActingAccount()
  const calls = await openPage('/settings/data', {
    'GET /api/auth/me': DESK,
    'GET /api/me/export': status(204),
  })
  expect(await screen.findByRole('button', { name: 'Make an export' })).toBeVisible()
  expect(calls.map(({ account }) => account)).toEqual(calls.map(() => DESK.id))
})

test('whoever looks after an agent sees it on every page, and nothing that is only for himself', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  await openPage('/settings/data', { 'GET /api/auth/me': DESK, 'GET /api/me/export': status(204) })
  const bar = await screen.findByRole('region', { name: 'For whom you act' })
  expect(bar).toHaveTextContent('You look after help-desk')
  for (const name of ['Fleet', 'Users', 'Audit', 'Sessions', 'Instance'])
    expect(screen.queryByRole('link', { name })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Delete my account' })).toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Back to yourself' }))
  expect(left.mock.calls).toEqual([['/fleet']])
  expect([account(), isStalePage()]).toEqual([DESK.id, true])
  loadActingAccount()
  expect(account()).toBeNull()
})

test('a tab whose agent is gone falls back to himself and tells it once', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  setAccessLostHandler(handleLostAccess)
  await openPage('/settings/data', {
    'GET /api/auth/me': DESK,
    'GET /api/me/export': status(403, { status: 403, code: 'not_kept', detail: 'You cannot act for it.' }),
  })
  await expect.poll(() => left.mock.calls).toEqual([['/chat']])
  loadActingAccount()
  expect(account()).toBeNull()
  expect([takeLostAccess(), takeLostAccess()]).toEqual([true, false])
})

test('a server that takes the admin for himself is not asked for the agent any more', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  await openPage('/settings/data', {
    'GET /api/auth/me': { id: 'usr_1', username: 'maya', displayName: 'Maya', role: 'admin' },
    'GET /api/me/export': status(204),
  })
  await expect.poll(() => left.mock.calls).toEqual([['/chat']])
  loadActingAccount()
  expect(account()).toBeNull()
})

test('who signs in on the page of an agent begins as himself, and finds none of its words', async () => {
  setActingAccount(DESK.id)
  loadActingAccount()
  sessionStorage.setItem('mosaic.draft.new', 'for the help desk')
  leave()
  expect([account(), isStalePage()]).toEqual([null, false])
  expect(sessionStorage.getItem('mosaic.draft.new')).toBeNull()
  sessionStorage.setItem('mosaic.draft.new', 'my own')
  leave()
  expect(sessionStorage.getItem('mosaic.draft.new')).toBe('my own')
})
