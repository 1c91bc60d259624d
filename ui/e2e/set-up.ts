import type { APIRequestContext } from '@playwright/test'
import type { Mosaic } from './mosaic'

/** Completes the setup through the API; `setup.spec.ts` tests the page. */
export async function setUp(mosaic: Mosaic, api: APIRequestContext): Promise<void> {
  const post = async (path: string, data: object, headers: Record<string, string> = {}) => {
    const reply = await api.post(`${mosaic.url}/api/onboarding/${path}`, { data, headers })
    if (!reply.ok()) throw new Error(`${path}: ${reply.status()} ${await reply.text()}`)
    return reply.json().catch(() => ({}))
  }
  const { username, password, setupToken } = mosaic
  await post('breakglass', { username, password }, { 'x-setup-token': setupToken })
  await post('oidc', { skip: true })
  const { jobId } = await post('provider', {
    kind: 'openai-compatible',
    name: 'OpenAI-compatible',
    baseUrl: `${mosaic.llm}/v1`,
    apiKey: 'sk-good-key-1234',
    models: [{ id: 'stub-small' }],
    allowPrivateHost: true,
  })
  await waitForJob(mosaic, api, jobId)
  await post('agent', { name: 'Ada', model: 'openai-compatible/stub-small' })
  await post('complete', {})
  await waitForFirstAnswer(mosaic, api)
}

/** Retries, since the guard takes up to ten seconds to let agents reach a newly allowed provider address. */
export async function waitForFirstAnswer(mosaic: Mosaic, api: APIRequestContext): Promise<void> {
  const { id } = await (await api.post(`${mosaic.url}/api/chats`, { data: {} })).json()
  for (let tries = 0; tries < 10; tries += 1) {
    const asked = await api.post(`${mosaic.url}/api/chats/${id}/turns`, { data: { text: 'Hello' } })
    const { turnId } = await asked.json()
    // The stream ends with the answer.
    await (await api.get(`${mosaic.url}/api/turns/${turnId}/events`)).body()
    const { status } = await (await api.get(`${mosaic.url}/api/turns/${turnId}`)).json()
    if (status === 'done') break
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  await api.delete(`${mosaic.url}/api/chats/${id}`)
}

/** Waits for the end of a job. Resolves to its state. */
export async function waitForJob(mosaic: Mosaic, api: APIRequestContext, job: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    const { state } = await (await api.get(`${mosaic.url}/api/jobs/${job}`)).json()
    if (state !== 'queued' && state !== 'running') return state
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`job ${job} did not end`)
}
