import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test as base, expect, type Page } from '@playwright/test'
import { facts } from './environment'

interface Fixtures {
  /** Console errors that a test means to cause. */
  allowConsole: RegExp | null
  clean: undefined
}

/**
 * Starting a container changes the network interfaces of this machine, and Chromium then cuts what is under way.
 * Pages have to live with that, and the tests prove it; the line in the console is the browser's own.
 */
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED|Failed to fetch dynamically imported module/

/** Every test fails on console errors, page errors and violations of the content security policy. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: what a fixture needs is read from this pattern
  baseURL: async ({}, use) => use(facts().url),
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

/** No finding of axe in the state that is on the screen now. */
export async function expectAccessible(page: Page): Promise<void> {
  // During an entrance the colours are mixed, and the contrast is not what it will be.
  await page.waitForTimeout(350)
  await page.evaluate(AXE)
  const findings = await page.evaluate(async (tags) => {
    const { axe } = window as unknown as {
      axe: { run: (on: Document, options: unknown) => Promise<{ violations: Finding[] }> }
    }
    return (await axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations
  }, TAGS)
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

/** Waits for the end of the last answer. */
export async function answered(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Stop the answer' })).toHaveCount(0, { timeout: 45_000 })
  await expect(page.getByRole('button', { name: 'Answer again' }).last()).toBeVisible()
}

export { expect, facts }
