import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type APIRequestContext, test as base, expect, type Page } from '@playwright/test'
import { Mosaic } from './mosaic'
import { setUp } from './set-up'

interface Fixtures {
  /** Console errors that a test means to cause. */
  allowConsole: RegExp | null
  clean: undefined
}

export interface WorkerFixtures {
  /** Of the agents' containers. */
  image: string
  /** Nobody has set it up yet. */
  untouched: boolean
  /** The server of this worker, and where the signed-in state of its admin is. */
  server: { mosaic: Mosaic; state: string | undefined }
  mosaic: Mosaic
}

/**
 * Starting a container changes the network interfaces of the host, and a Chromium that sees it (`netns/chromium.mjs`
 * mostly keeps it from that) cuts what is under way. Pages live with that; the line in the console is the browser's.
 */
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED|Failed to fetch dynamically imported module/

/** Every test fails on console errors, page errors and violations of the content security policy. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  image: [process.env.MOSAIC_AGENT_IMAGE ?? 'mosaic-stub-agent:dev', { scope: 'worker', option: true }],
  untouched: [false, { scope: 'worker', option: true }],
  server: [
    async ({ image, untouched, playwright }, use, { workerIndex, config }) => {
      const mosaic = new Mosaic(String(workerIndex), image)
      try {
        await mosaic.begin()
        if (untouched) await use({ mosaic, state: undefined })
        else {
          const api = await playwright.request.newContext()
          await setUp(mosaic, api)
          const state = join(config.rootDir, `../test-results/.servers/${workerIndex}-admin.json`)
          await api.storageState({ path: state })
          await api.dispose()
          await use({ mosaic, state })
        }
      } finally {
        await mosaic.end()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  mosaic: [({ server }, use) => use(server.mosaic), { scope: 'worker' }],
  baseURL: ({ mosaic }, use) => use(mosaic.url),
  storageState: ({ server }, use) => use(server.state),
  allowConsole: [null, { option: true }],
  clean: [
    async ({ context, allowConsole }, use) => {
      const found: string[] = []
      const note = (text: string) => {
        if (!NETWORK_CHANGED.test(text) && !allowConsole?.test(text)) found.push(text)
      }
      context.on('console', (message) => {
        if (message.type() === 'error') note(`${message.text()} ${message.location().url}`)
      })
      context.on('weberror', (error) => note(String(error.error().stack)))
      await use(undefined)
      expect(found, 'the console stays empty').toEqual([])
    },
    { auto: true },
  ],
})

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Finding {
  id: string
  nodes: { html: string; failureSummary?: string }[]
}

/** During an entrance the colours are mixed, and the contrast is not what it will be. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    // What is about to begin has begun after two frames.
    await frame()
    await frame()
    const ends = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
    await Promise.allSettled(ends.map((animation) => animation.finished))
  })
}

const ALL = { type: 'tag', values: TAGS }
/** What a theme can change. */
export const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

/** No finding of axe in the state that is on the screen now. */
export async function expectAccessible(page: Page, only: typeof ALL = ALL): Promise<void> {
  await atRest(page)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  const findings = await page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as {
      axe: { run: (on: Document, options: unknown) => Promise<{ violations: Finding[] }> }
    }
    return (await axe.run(document, { runOnly, resultTypes: ['violations'] })).violations
  }, only)
  const told = findings.flatMap((finding) =>
    finding.nodes.map((node) => `${finding.id}: ${node.html.slice(0, 200)}\n${node.failureSummary ?? ''}`),
  )
  expect(told, 'axe finds nothing').toEqual([])
}

/** The page does not scroll sideways. */
export async function expectNarrow(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(over, 'nothing sticks out at the side').toBeLessThanOrEqual(0)
}

/** Asks in a new chat; answers with the chat's address as soon as it has one. */
export async function ask(page: Page, text: string): Promise<string> {
  await page.goto('/chat')
  await page.getByRole('textbox', { name: /^Message to/ }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.waitForURL(/\/chat\/cht_/)
  return new URL(page.url()).pathname
}

/** Puts the container to sleep until it `mayWake`, so that the next message has to wait for it. */
export async function asleep(api: APIRequestContext): Promise<void> {
  const settings = await api.get('/api/settings')
  const headers = { 'if-match': settings.headers().etag ?? '' }
  expect((await api.patch('/api/settings', { data: { wakeEarly: false }, headers })).ok()).toBe(true)
  const state = async () => (await (await api.get('/api/container')).json()).container?.observed ?? 'absent'
  // A start that the sign-in asked for may still be under way: it has to be over first.
  await api.post('/api/container/start', { data: {} })
  await expect.poll(state, { timeout: 30_000 }).toBe('ready')
  await api.post('/api/container/stop', { data: {} })
  await expect.poll(state, { timeout: 30_000 }).toBe('stopped')
  await api.post('/api/lanes/containers/pause', { data: {} })
}

/** Lets what `asleep` put to sleep wake up: the stand-in starts faster than a test can look. */
export async function mayWake(api: APIRequestContext): Promise<void> {
  await api.post('/api/lanes/containers/resume', { data: {} })
}

/** Waits for the end of the last answer. */
export async function answered(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Stop the answer' })).toHaveCount(0, { timeout: 45_000 })
  await expect(page.getByRole('button', { name: 'Answer again' }).last()).toBeVisible()
}

export { expect }
