import { describe, expect, it } from 'vitest'
import type { CatalogEntry, JobDetail, Provider } from '@/api/types'
import { explain } from './explain'
import { needsKeyAgain, toNewProvider, toProviderChanges, valuesOf } from './schema'
import { stepsOf } from './use-saved-test'

const SAVED: Provider = {
  id: 'prv_1',
  slug: 'openai',
  kind: 'openai',
  name: 'OpenAI',
  apiKey: { set: true, endsIn: '4f2a' },
  models: [{ id: 'gpt-5.4' }],
  version: 3,
  createdAt: '2026-11-22T10:00:00Z',
  updatedAt: '2026-11-22T10:00:00Z',
}
const ENTRY: CatalogEntry = {
  kind: 'openai',
  label: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  exampleUrl: 'https://api.openai.com/v1',
  dialect: 'openai-responses',
  modelsPath: 'models',
  needsKey: true,
  needsBaseUrl: false,
  keyPrefix: 'sk-',
  about: '',
}

describe('a provider form', () => {
  it('sends only what changed, and never an empty key', () => {
    expect(toProviderChanges(valuesOf(SAVED), SAVED)).toEqual({})
    expect(toProviderChanges({ ...valuesOf(SAVED), name: 'Work', models: ['a', 'b'] }, SAVED)).toEqual({
      name: 'Work',
      models: [{ id: 'a' }, { id: 'b' }],
    })
  })

  it('leaves out empty fields', () => {
    expect(toNewProvider({ ...valuesOf(SAVED), name: ' ', apiKey: ' ' })).toMatchObject({
      name: undefined,
      apiKey: undefined,
    })
  })

  it('needs the key again for another address or kind', () => {
    const values = valuesOf(SAVED)
    expect(needsKeyAgain(values, ENTRY, SAVED)).toBe(false)
    expect(needsKeyAgain({ ...values, baseUrl: 'https://other.example' }, ENTRY, SAVED)).toBe(true)
    expect(needsKeyAgain({ ...values, kind: 'groq' }, ENTRY, SAVED)).toBe(true)
    expect(needsKeyAgain(values, { ...ENTRY, needsKey: false }, undefined)).toBe(false)
  })
})

describe('the steps of a running test', () => {
  it('are from the last attempt', () => {
    const at = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, '0')}Z`
    const job = {
      attempt: 2,
      phases: [
        { attempt: 1, name: 'answer', startedAt: at(1), finishedAt: at(2) },
        { attempt: 2, name: 'reach', startedAt: at(3), finishedAt: at(4) },
        { attempt: 2, name: 'key', startedAt: at(4), finishedAt: null },
      ],
    } as JobDetail
    expect(stepsOf(job).map(({ step, status, elapsedMs }) => [step, status, elapsedMs])).toEqual([
      ['reach', 'passed', 1000],
      ['key', 'running', 0],
      ['model', 'not_run', 0],
      ['answer', 'not_run', 0],
    ])
  })
})

describe('explain', () => {
  it('shows the failure, the next step and similar models', () => {
    const failure = {
      cause: 'model_unknown' as const,
      title: 'The provider does not offer this model to this account (404).',
      nextStep: 'Check the model id, or choose one from the list.',
    }
    expect(explain(failure)).toBe(`${failure.title} ${failure.nextStep}`)
    expect(explain({ ...failure, didYouMean: ['gpt-5.4'] })).toContain('Did you mean gpt-5.4?')
  })
})
