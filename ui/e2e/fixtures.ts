import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type APIRequestContext, test as base, expect, type Page } from '@playwright/test'
import { Mosaic } from './mosaic'
import { setUp } from './set-up'

interface Fixtures {
  /** Console errors that a test causes on purpose. */
  allowConsole: RegExp | null
  clean: undefined
}

export interface WorkerFixtures {
  /** The image of the agents' containers. */
  image: string
  /** Whether the server starts without the setup done. */
  freshInstall: boolean
  /** The server of this worker, and the path of its admin's storage state. */
  server: { mosaic: Mosaic; state: string | undefined }
  mosaic: Mosaic
}

/**
 * Starting a container changes the network interfaces of the host. A Chromium on the host network (see
 * `netns/chromium.mjs`) then aborts its requests. The pages recover from that; the console message is the browser's.
 */
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED|Failed to fetch dynamically imported module/

/** Every test fails on console errors, page errors and violations of the content security policy. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  image: [process.env.MOSAIC_AGENT_IMAGE ?? 'mosaic-stub-agent:dev', { scope: 'worker', option: true }],
  freshInstall: [false, { scope: 'worker', option: true }],
  server: [
    async ({ image, freshInstall, playwright }, use, { workerIndex, config }) => {
      const mosaic = new Mosaic(String(workerIndex), image)
      try {
        await mosaic.startAll()
        if (freshInstall) await use({ mosaic, state: undefined })
        else {
          const api = await playwright.request.newContext()
          await setUp(mosaic, api)
          const state = join(config.rootDir, `../test-results/.servers/${workerIndex}-admin.json`)
          await api.storageState({ path: state })
          await api.dispose()
          await use({ mosaic, state })
        }
      } finally {
        await mosaic.stopAll()
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

interface Violation {
  id: string
  nodes: { html: string; failureSummary?: string }[]
}

/** During an animation colours are mixed, so that the contrast is not the final one. */
export async function waitForAnimations(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    // After two frames all pending animations have started.
    await frame()
    await frame()
    const finite = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
    await Promise.allSettled(finite.map((animation) => animation.finished))
  })
}

const ALL_RULES = { type: 'tag', values: TAGS }
/** The rules that depend on the theme. */
export const COLOUR_RULES = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

/** Expects that axe reports no violation in the current state of the page. */
export async function expectAccessible(page: Page, only: typeof ALL_RULES = ALL_RULES): Promise<void> {
  await waitForAnimations(page)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  const violations = await page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as {
      axe: { run: (on: Document, options: unknown) => Promise<{ violations: Violation[] }> }
    }
    return (await axe.run(document, { runOnly, resultTypes: ['violations'] })).violations
  }, only)
  const descriptions = violations.flatMap((violation) =>
    violation.nodes.map(
      (node) => `${violation.id}: ${node.html.slice(0, 200)}\n${node.failureSummary ?? ''}`,
    ),
  )
  expect(descriptions, 'axe reports no violations').toEqual([])
}

/** The page does not scroll sideways. */
export async function expectNoHorizontalScroll(page: Page): Promise<void> {
  const overflowPx = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflowPx, 'nothing overflows horizontally').toBeLessThanOrEqual(0)
}

/** Sends a message in a new chat. Resolves to the chat's path as soon as it exists. */
export async function ask(page: Page, text: string): Promise<string> {
  await page.goto('/chat')
  await page.getByRole('textbox', { name: /^Message to/ }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.waitForURL(/\/chat\/cht_/)
  return new URL(page.url()).pathname
}

/** Puts the container to sleep until `allowWake` is called, so that the next message has to wait. */
export async function putToSleep(api: APIRequestContext): Promise<void> {
  const settings = await api.get('/api/settings')
  const headers = { 'if-match': settings.headers().etag ?? '' }
  expect((await api.patch('/api/settings', { data: { wakeEarly: false }, headers })).ok()).toBe(true)
  const state = async () => (await (await api.get('/api/container')).json()).container?.observed ?? 'absent'
  // A start that the sign-in triggered may still be running and must finish first.
  await api.post('/api/container/start', { data: {} })
  await expect.poll(state, { timeout: 30_000 }).toBe('ready')
  await api.post('/api/container/stop', { data: {} })
  await expect.poll(state, { timeout: 30_000 }).toBe('stopped')
  await api.post('/api/lanes/containers/pause', { data: {} })
}

/** Undoes `putToSleep`. The lane was paused because the stub agent starts faster than a test can observe. */
export async function allowWake(api: APIRequestContext): Promise<void> {
  await api.post('/api/lanes/containers/resume', { data: {} })
}

/** Waits for the end of the last answer. */
export async function waitForAnswer(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Stop the answer' })).toHaveCount(0, { timeout: 45_000 })
  await expect(page.getByRole('button', { name: 'Answer again' }).last()).toBeVisible()
}

export { expect }
