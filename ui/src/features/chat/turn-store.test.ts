import { describe, expect, it } from 'vitest'
import { applyEvent, type LiveTurn } from './turn-store'

const START: LiveTurn = {
  text: '',
  stages: [],
  acceptedAt: 0,
  tools: [],
  status: 'pending',
  connection: 'open',
}

function applyAll(...events: [name: string, data: unknown][]): LiveTurn {
  let turn = START
  for (const [name, data] of events) turn = { ...turn, ...applyEvent(turn, name, data, 10_000) }
  return turn
}

describe('applyEvent', () => {
  it('appends deltas and replaces by snapshots', () => {
    expect(applyAll(['delta', { text: 'a' }], ['delta', { text: 'b' }]).text).toBe('ab')
    expect(
      applyAll(['delta', { text: 'lost' }], ['snapshot', { text: 'whole' }], ['delta', { text: '!' }]).text,
    ).toBe('whole!')
  })

  it('keeps the start of a repeated stage', () => {
    const turn = applyAll(
      ['stage', { name: 'queued', elapsedMs: 0, ahead: 2 }],
      ['stage', { name: 'queued', elapsedMs: 900, ahead: 1 }],
      ['stage', { name: 'booting', elapsedMs: 1500 }],
    )
    expect(turn.stages).toMatchObject([
      { name: 'queued', from: 0, ahead: 1 },
      { name: 'booting', from: 1500 },
    ])
    expect(turn.acceptedAt).toBe(8500)
  })

  it('merges the events of a tool call', () => {
    const { tools } = applyAll(
      ['tool', { id: 't1', name: 'exec', arguments: { command: 'ls' }, status: 'running' }],
      ['tool', { id: 't2', name: 'read', status: 'running' }],
      ['tool', { id: 't1', name: 'exec', status: 'done', result: 'file' }],
    )
    expect(tools).toEqual([
      { id: 't1', name: 'exec', arguments: { command: 'ls' }, status: 'done', result: 'file' },
      { id: 't2', name: 'read', status: 'running' },
    ])
  })

  it('keeps the text at the end', () => {
    const error = { code: 'rate_limited', title: 't', detail: 'd', retryable: true }
    expect(applyAll(['delta', { text: 'part' }], ['error', error])).toMatchObject({
      text: 'part',
      status: 'failed',
      error,
    })
    expect(applyAll(['delta', { text: 'part' }], ['done', { status: 'stopped' }])).toMatchObject({
      text: 'part',
      status: 'stopped',
    })
  })

  it('clears the waiting note with the next event', () => {
    const waiting: [string, unknown] = ['waiting', { silentMs: 10_000, detail: 'still trying' }]
    expect(applyAll(waiting).waiting).toBe('still trying')
    expect(applyAll(waiting, ['delta', { text: 'a' }]).waiting).toBeUndefined()
  })

  it('ignores events of a newer server', () => {
    expect(applyAll(['confetti', {}])).toEqual(START)
  })
})
