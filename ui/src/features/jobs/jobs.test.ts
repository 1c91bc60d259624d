import { describe, expect, it } from 'vitest'
import type { JobDetail } from '@/api/types'
import { isFiltered, parseSearch } from './job-search'
import { canCancel, canRetry } from './job-state'
import { bars } from './waterfall'

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString()
const JOB: JobDetail = {
  id: 'job_1',
  kind: 'start-container',
  lane: 'containers',
  state: 'running',
  attempt: 1,
  maxAttempts: 5,
  failures: 0,
  lostLeases: 0,
  priority: 'normal',
  dueAt: at(0),
  createdAt: at(0),
  startedAt: at(2),
  finishedAt: null,
  attempts: [],
  phases: [
    { attempt: 1, name: 'created', startedAt: at(2), finishedAt: at(3) },
    { attempt: 1, name: 'booting', startedAt: at(3), finishedAt: null },
  ],
}

describe('the waterfall', () => {
  it('starts with the wait and ends now', () => {
    const now = Date.parse(at(7))
    expect(bars(JOB, now).map((bar) => [bar.name, bar.to - bar.from, bar.open])).toEqual([
      ['queued', 2000, false],
      ['created', 1000, false],
      ['booting', 4000, true],
    ])
  })

  it('shows the attempt that did the work, not one that found nothing to do', () => {
    const phases = [
      { attempt: 1, name: 'create', startedAt: at(2), finishedAt: at(3) },
      { attempt: 1, name: 'boot', startedAt: at(3), finishedAt: at(9) },
      { attempt: 2, name: 'ready', startedAt: at(10), finishedAt: at(10) },
    ]
    const rerun = {
      ...JOB,
      state: 'done' as const,
      attempt: 2,
      startedAt: at(10),
      finishedAt: at(10),
      phases,
    }
    expect(bars(rerun, Date.parse(at(20))).map((bar) => [bar.name, bar.to - bar.from])).toEqual([
      ['queued', 2000],
      ['create', 1000],
      ['boot', 6000],
    ])
  })

  it('is only the wait before a worker claims the job', () => {
    const waiting = { ...JOB, state: 'queued' as const, startedAt: null, phases: [] }
    expect(bars(waiting, Date.parse(at(5))).map((bar) => [bar.name, bar.to - bar.from, bar.open])).toEqual([
      ['queued', 5000, true],
    ])
  })
})

describe('the actions', () => {
  it('depend on the state', () => {
    expect([canRetry(JOB), canCancel(JOB)]).toEqual([false, true])
    expect([canRetry({ ...JOB, state: 'dead' }), canCancel({ ...JOB, state: 'dead' })]).toEqual([true, false])
    expect(canRetry({ ...JOB, state: 'queued', attempt: 1 })).toBe(true)
    expect(canRetry({ ...JOB, state: 'queued', attempt: 0 })).toBe(false)
  })
})

describe('the search parameters', () => {
  it('keep valid values and drop the rest', () => {
    expect(parseSearch({ state: 'dead', q: 'start', lane: '', kind: 7, view: 'nonsense' })).toEqual({
      state: 'dead',
      q: 'start',
    })
    expect(isFiltered(parseSearch({ view: 'lanes' }))).toBe(false)
    expect(isFiltered(parseSearch({ q: 'x' }))).toBe(true)
  })
})
