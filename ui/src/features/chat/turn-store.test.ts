import { describe, expect, it } from 'vitest'
import { apply, type LiveTurn } from './turn-store'

const START: LiveTurn = { text: '', stages: [], acceptedAt: 0, tools: [], status: 'pending', line: 'open' }

function play(...events: [name: string, data: unknown][]): LiveTurn {
  let turn = START
  for (const [name, data] of events) turn = { ...turn, ...apply(turn, name, data, 10_000) }
  return turn
}

describe('apply', () => {
  it('appends deltas and replaces by snapshots', () => {
    expect(play(['delta', { text: 'a' }], ['delta', { text: 'b' }]).text).toBe('ab')
    expect(
      play(['delta', { text: 'lost' }], ['snapshot', { text: 'whole' }], ['delta', { text: '!' }]).text,
    ).toBe('whole!')
  })

  it('keeps when a step began although it is told again', () => {
    const turn = play(
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

  it('completes the card of a tool', () => {
    const { tools } = play(
      ['tool', { id: 't1', name: 'exec', arguments: { command: 'ls' }, status: 'running' }],
      ['tool', { id: 't2', name: 'read', status: 'running' }],
      ['tool', { id: 't1', name: 'exec', status: 'done', result: 'file' }],
    )
    expect(tools).toEqual([
      { id: 't1', name: 'exec', arguments: { command: 'ls' }, status: 'done', result: 'file' },
      { id: 't2', name: 'read', status: 'running' },
    ])
  })

  it('ends with what was kept', () => {
    const error = { code: 'rate_limited', title: 't', detail: 'd', retryable: true }
    expect(play(['delta', { text: 'part' }], ['error', error])).toMatchObject({
      text: 'part',
      status: 'failed',
      error,
    })
    expect(play(['delta', { text: 'part' }], ['done', { status: 'stopped' }])).toMatchObject({
      text: 'part',
      status: 'stopped',
    })
  })

  it('forgets that it waited as soon as something comes', () => {
    const waiting: [string, unknown] = ['waiting', { silentMs: 10_000, detail: 'still trying' }]
    expect(play(waiting).waiting).toBe('still trying')
    expect(play(waiting, ['delta', { text: 'a' }]).waiting).toBeUndefined()
  })

  it('ignores events of a newer server', () => {
    expect(play(['confetti', {}])).toEqual(START)
  })
})
