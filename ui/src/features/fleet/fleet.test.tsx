import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import type { FleetContainer, SelfTest, SystemContainer } from '@/api/types'
import { openPage } from '@/test-page'
import { styleOf } from './container-state'

const GIB = 1024 ** 3
const ben: FleetContainer = {
  id: 'ctr_1',
  user: { id: 'usr_2', username: 'ben', system: false },
  desired: 'running',
  state: 'ready',
  since: '2026-11-22T10:00:00Z',
  idleSeconds: 125,
  startedAt: null,
  lastUsedAt: null,
  image: 'mosaic-agent:2026.9.6',
  outdated: true,
  memory: { usedBytes: 0.5 * GIB, limitBytes: 2 * GIB },
  limits: { memoryMib: 2048, cpuMillis: 2000, pids: 512, diskMib: 0 },
  nextLimits: { memoryMib: 4096, cpuMillis: 2000, pids: 512, diskMib: 0 },
  restarts: 3,
  reason: null,
}
const failed = {
  ...ben,
  id: 'ctr_2',
  user: { id: 'usr_3', username: 'cleo', system: false },
  state: 'failed',
  reason: 'It ran out of memory (2 GiB).',
}
const fleet = { items: [ben, failed], budget: { totalBytes: 8 * GIB, reservedBytes: 4 * GIB, running: 2 } }
const desk: SystemContainer = {
  id: 'usr_9',
  name: 'help-desk',
  purpose: 'Answers questions',
  madeBy: 'maya',
  createdAt: '2026-11-22T10:00:00Z',
  disabledAt: null,
  containerId: null,
  state: 'absent',
  lastUsedAt: null,
  idleStopAfterSeconds: 1800,
}
const own = { items: [desk, { ...desk, id: 'usr_8', name: 'old-bot', disabledAt: '2026-11-22T10:00:00Z' }] }
const check = {
  name: 'Another user’s container',
  from: 'open network',
  target: '10.77.0.18:18789',
  tried: 'TCP, no answer in 2 s',
  expected: 'denied',
  outcome: 'denied',
  proof: 'Answered from the host',
  passed: true,
} as const
const done: SelfTest = {
  jobId: 'job_1',
  state: 'done',
  startedAt: '2026-11-22T10:00:00Z',
  finishedAt: '2026-11-22T10:01:00Z',
  enforced: true,
  summary: '12 targets are denied, 4 are reached.',
  checks: [check],
}

test('the fleet shows the containers, and a stop must be confirmed', async () => {
  const calls = await openPage('/fleet', {
    'GET /api/fleet/containers': fleet,
    'GET /api/fleet/self-test': done,
    'GET /api/fleet/system-containers': own,
    'POST /api/fleet/containers/ctr_1/stop': { jobId: 'job_2' },
  })
  const table = await screen.findByRole('table', { name: 'Containers' })
  const [, first, second] = within(table).getAllByRole('row')
  for (const text of [
    'ben',
    'Awake',
    '2 min 5 s',
    '512 MiB of 2 GiB',
    '4 GiB from the next start',
    'A newer image is available',
  ])
    expect(first).toHaveTextContent(text)
  expect(second).toHaveTextContent('It ran out of memory (2 GiB).')
  expect(screen.getByRole('progressbar', { name: 'Memory taken' }).getAttribute('aria-valuenow')).toBe('50')

  const user = userEvent.setup()
  await user.click(screen.getByRole('button', { name: 'Actions for the container of ben' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Stop' }))
  const dialog = await screen.findByRole('dialog', { name: 'Stop the container of ben?' })
  expect(calls.some(({ path }) => path.endsWith('/stop'))).toBe(false)
  await user.click(within(dialog).getByRole('button', { name: 'Stop container' }))
  await expect.poll(() => calls.filter(({ path }) => path.endsWith('/ctr_1/stop'))).toHaveLength(1)
})

test('isolation that is not enforced shows as an error, even if all checks passed', async () => {
  await openPage('/fleet', {
    'GET /api/fleet/containers': fleet,
    'GET /api/fleet/self-test': { ...done, enforced: false, summary: 'The guard does not run.' },
  })
  expect((await screen.findByRole('alert')).textContent).toContain('Not enforced')
})

test('a running self-test shows its progress, and its result appears without a reload', async () => {
  let over = false
  await openPage('/fleet', {
    'GET /api/fleet/containers': fleet,
    'GET /api/fleet/self-test': () =>
      over ? done : { ...done, state: 'running', finishedAt: null, enforced: null, checks: [] },
    'GET /api/jobs/job_1': () => {
      const state = over ? 'done' : 'running'
      return { id: 'job_1', state, progress: 40, phases: [], attempts: [] }
    },
  })
  expect(await screen.findByText(/40 % done/)).toBeTruthy()
  over = true
  expect(await screen.findByRole('table', { name: 'Self-test checks' }, { timeout: 4000 })).toBeTruthy()
  expect(screen.getByText('Isolation holds.')).toBeTruthy()
})

test('a server without a fleet shows what to do', async () => {
  await openPage('/fleet', {})
  expect(await screen.findByText('Not available on this server yet')).toBeTruthy()
})

test('a container that runs but is to be stopped shows as stopping', () => {
  expect(styleOf({ state: 'ready', desired: 'stopped' }).word).toBe('Stopping')
  expect(styleOf({ state: 'something-new', desired: 'running' }).word).toBe('something-new')
})

test('an agent of the instance is created, shown as disabled, and removed after confirmation', async () => {
  const calls = await openPage('/fleet', {
    'GET /api/fleet/containers': fleet,
    'GET /api/fleet/self-test': done,
    'GET /api/fleet/system-containers': own,
    'POST /api/fleet/system-containers': { ...desk, name: 'ci-bot' },
    'DELETE /api/fleet/system-containers/usr_9': { jobId: 'job_3' },
  })
  const facts = await screen.findAllByText('Never used · sleeps after 30 min unused · created by maya')
  expect(facts).toHaveLength(2)
  expect(screen.getByRole('button', { name: 'Open old-bot' })).toBeDisabled()
  const user = userEvent.setup()
  await user.click(screen.getByRole('button', { name: 'New agent' }))
  const dialog = await screen.findByRole('dialog', { name: 'A new agent of the instance' })
  await user.click(within(dialog).getByRole('button', { name: 'Create' }))
  expect(await within(dialog).findByText('Give it a name of one word.')).toBeVisible()
  await user.type(within(dialog).getByRole('textbox', { name: 'Name' }), 'ci-bot')
  await user.click(within(dialog).getByRole('button', { name: 'Create' }))
  const sent = (method: string) => calls.find((call) => call.method === method)
  await expect.poll(() => sent('POST')?.body).toEqual({ name: 'ci-bot', purpose: '' })

  await user.click(await screen.findByRole('button', { name: 'Actions for help-desk' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Remove' }))
  const confirm = await screen.findByRole('dialog', { name: 'Remove help-desk?' })
  expect(sent('DELETE')).toBeUndefined()
  await user.click(within(confirm).getByRole('button', { name: 'Remove it' }))
  await expect.poll(() => sent('DELETE')?.path).toBe('/api/fleet/system-containers/usr_9')
})
