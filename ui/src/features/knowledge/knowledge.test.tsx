import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import type { Finding } from '@/api/types'
import { openPage, status } from '@/test-page'
import { parseValue } from './memory-value'

const at = '2026-11-22T10:00:00Z'
const finding: Finding = {
  id: 'fnd_1',
  title: 'The queue leases jobs',
  content: 'A lease lapses after 15 seconds.',
  tags: ['queue'],
  source: { kind: 'chat', chatId: 'cht_1', turnId: 'trn_1', agentId: 'agt_1' },
  similar: [{ id: 'fnd_2', title: 'Leases', score: 0.93 }],
  expiresAt: null,
  createdAt: at,
  updatedAt: at,
}
const ready = {
  'GET /api/knowledge/status': {
    embedding: { state: 'ready', model: 'minilm', dimensions: 384, detail: null },
    pending: 0,
    total: 1,
  },
}

test('findings: the list, a search with its matches, and the link to the message', async () => {
  const calls = await openPage('/knowledge', {
    ...ready,
    'GET /api/findings': { items: [finding] },
    'POST /api/findings/search': {
      items: [
        {
          ...finding,
          score: 0.03,
          matchedBy: ['text'],
          snippet: [
            { text: 'A ', hit: false },
            { text: 'lease', hit: true },
            { text: ' lapses', hit: false },
          ],
        },
      ],
      mode: 'text',
      note: 'Search by meaning is not there yet.',
    },
  })
  const item = await screen.findByRole('listitem')
  expect(within(item).getByRole('link', { name: 'by Ada, in a chat' })).toHaveAttribute(
    'href',
    '/chat/cht_1#trn_1',
  )
  await userEvent.type(screen.getByRole('searchbox', { name: 'Search your findings' }), 'lease')
  expect((await screen.findByText('lease', { selector: 'mark' })).textContent).toBe('lease')
  expect(screen.getByText(/One result, by words only\. Search by meaning is not there yet\./)).toBeVisible()
  expect(calls.at(-1)?.body).toMatchObject({ query: 'lease' })
})

test('findings: a saved one shows similar ones, and a cleared title is sent as null', async () => {
  const calls = await openPage('/knowledge?open=fnd_1', {
    ...ready,
    'GET /api/findings': { items: [finding] },
    'GET /api/findings/fnd_1': finding,
    'PATCH /api/findings/fnd_1': finding,
  })
  const sheet = await screen.findByRole('dialog', { name: 'The queue leases jobs' })
  expect(within(sheet).getByRole('link', { name: 'Leases' })).toHaveAttribute('href', '/knowledge?open=fnd_2')
  await userEvent.clear(within(sheet).getByRole('textbox', { name: 'Title' }))
  await userEvent.click(within(sheet).getByRole('button', { name: 'Save changes' }))
  await expect
    .poll(() => calls.find(({ method }) => method === 'PATCH')?.body)
    .toEqual({ title: null, content: finding.content, tags: ['queue'] })
})

test('findings: the empty list explains itself, and adding a duplicate is reported', async () => {
  const calls = await openPage('/knowledge', {
    ...ready,
    'GET /api/findings': { items: [] },
    'POST /api/findings': status(200, finding),
  })
  expect(await screen.findByText(/Your agents save here what they found out/)).toBeVisible()
  await userEvent.click(screen.getAllByRole('link', { name: 'Add finding' })[0] as HTMLElement)
  const sheet = await screen.findByRole('dialog', { name: 'Add a finding' })
  await userEvent.click(within(sheet).getByRole('button', { name: 'Add finding' }))
  expect(await within(sheet).findByText('Write what was found.')).toBeVisible()
  await userEvent.type(within(sheet).getByRole('textbox', { name: 'What was found' }), 'A lease lapses.')
  await userEvent.type(within(sheet).getByRole('textbox', { name: 'Tags' }), 'queue, #jobs')
  await userEvent.selectOptions(within(sheet).getByRole('combobox', { name: 'Keep it' }), 'For a week')
  await userEvent.click(within(sheet).getByRole('button', { name: 'Add finding' }))
  await expect
    .poll(() => calls.find(({ method, path }) => method === 'POST' && path === '/api/findings')?.body)
    .toEqual({ content: 'A lease lapses.', tags: ['queue', 'jobs'], ttlSeconds: 604_800 })
  expect(await screen.findByText('You already had this finding')).toBeInTheDocument()
})

test('memory: a change conflicts with a change by the agent, and the entry is reloaded', async () => {
  let version = 1
  const entry = () => ({ key: 'user.address', value: 'Maya', version, expiresAt: null, updatedAt: at })
  const calls = await openPage('/knowledge?tab=memory', {
    ...ready,
    'GET /api/memory': () => ({ items: [entry()] }),
    'GET /api/memory/user.address': () => ({ ...entry(), value: version === 1 ? 'Maya' : 'Dr Okafor' }),
    'GET /api/memory/user.address/history': { items: [{ version: 1, value: 'Maya', at, by: 'agent' }] },
    'PUT /api/memory/user.address': () => {
      version = 2
      return status(409, { status: 409, code: 'version_conflict' })
    },
  })
  await userEvent.click(await screen.findByRole('link', { name: 'user.address' }))
  const sheet = await screen.findByRole('dialog', { name: 'user.address' })
  const box = await within(sheet).findByRole('textbox', { name: 'What it remembers' })
  await userEvent.clear(box)
  await userEvent.type(box, 'Mrs Okafor')
  await userEvent.click(within(sheet).getByRole('button', { name: 'Save changes' }))
  expect(await within(sheet).findByText('Your agent changed this in the meantime')).toBeVisible()
  expect(calls.find(({ method }) => method === 'PUT')).toMatchObject({
    query: { agentId: 'agt_1' },
    body: { value: 'Mrs Okafor', ifVersion: 1 },
  })
  await userEvent.click(within(sheet).getByRole('button', { name: 'Reload it' }))
  expect(await screen.findByDisplayValue('Dr Okafor')).toBeVisible()
})

test('memory: invalid JSON is not saved as JSON', () => {
  expect(parseValue('{"a": 1}', 'json')).toEqual({ value: { a: 1 } })
  expect(parseValue('{a: 1}', 'json')).toHaveProperty('errorText')
  expect(parseValue('{a: 1}', 'text')).toEqual({ value: '{a: 1}' })
})

test('conversations: a match opens at its message, on whichever page that is', async () => {
  const head = {
    id: 'cnv_1',
    title: 'Leases',
    agentId: 'agt_1',
    chatId: 'cht_1',
    sessionKey: 's',
    startedAt: at,
    lastAt: at,
    messages: 2,
  }
  const message = { entryId: 'e', role: 'user', toolName: null, at, turnId: null }
  await openPage('/knowledge?tab=conversations&q=lease', {
    ...ready,
    'POST /api/conversations/search': {
      items: [
        {
          conversationId: 'cnv_1',
          title: 'Leases',
          messageId: 'msg_2',
          role: 'assistant',
          at,
          agentId: 'agt_1',
          chatId: 'cht_1',
          turnId: 'trn_2',
          score: 0.02,
          matchedBy: ['meaning'],
          snippet: [{ text: 'It lapses.', hit: false }],
        },
      ],
      mode: 'hybrid',
      note: null,
    },
    'GET /api/conversations/cnv_1': ({ query }) =>
      query.cursor
        ? { ...head, items: [{ ...message, id: 'msg_2', role: 'assistant', text: 'It lapses.' }] }
        : { ...head, items: [{ ...message, id: 'msg_1', text: 'What about leases?' }], nextCursor: 'c' },
  })
  expect(await screen.findByText(/One result, by words and meaning/)).toBeVisible()
  await userEvent.click(screen.getByRole('link', { name: 'Leases' }))
  const sheet = await screen.findByRole('dialog', { name: 'Leases' })
  await expect.poll(() => sheet.querySelector('[aria-current="true"]')?.textContent).toContain('It lapses.')
})

test('conversations: an import reports what was imported and what was skipped', async () => {
  const calls = await openPage('/knowledge?tab=conversations', {
    ...ready,
    'GET /api/conversations': { items: [] },
    'POST /api/conversations/import': {
      conversations: 1,
      added: 12,
      known: 3,
      skipped: [{ line: 7, why: 'This is not JSON.' }],
    },
  })
  await userEvent.click(await screen.findByRole('button', { name: 'Import' }))
  const dialog = await screen.findByRole('dialog', { name: 'Import conversations' })
  const run = within(dialog).getByRole('button', { name: 'Import' })
  expect(run).toBeDisabled()
  await userEvent.upload(within(dialog).getByLabelText('File'), new File(['{}'], 'session.jsonl'))
  await userEvent.click(run)
  expect(
    await within(dialog).findByText(/12 messages of one conversation imported\. 3 were imported before/),
  ).toBeVisible()
  expect(within(dialog).getByText('Line 7: This is not JSON.')).toBeVisible()
  expect(calls.findLast(({ method }) => method === 'POST')?.body).toBeInstanceOf(Blob)
})

test('a server without knowledge shows what to do', async () => {
  await openPage('/knowledge', {})
  expect(await screen.findByText('Not available on this server yet')).toBeVisible()
})
