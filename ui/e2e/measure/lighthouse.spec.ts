import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from '@playwright/test'
import { expect, test } from '../fixtures'
import { freePort, Mosaic } from '../mosaic'

// LIGHTHOUSE: the command that runs it, for example "node /tmp/lh/node_modules/lighthouse/cli/index.js". It needs a newer
// Node than this project, so it is not one of its packages.
const [program, ...before] = (process.env.LIGHTHOUSE ?? '').split(' ').filter(Boolean)

interface Report {
  categories: Record<string, { score: number }>
  audits: Record<string, { numericValue?: number }>
}

/** Runs Lighthouse in a browser that is signed in already. Returns the scores and metrics. */
async function measure(url: string, port: number): Promise<Record<string, number>> {
  const folder = join(import.meta.dirname, '../../test-results/lighthouse')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${new URL(url).pathname.replaceAll('/', '_')}.json`)
  const flags = [`--port=${port}`, '--preset=desktop', '--output=json', `--output-path=${path}`, '--quiet']
  flags.push('--disable-storage-reset', '--only-categories=performance,accessibility,best-practices')
  // Not synchronously: this process must keep reading the browser's messages.
  await promisify(execFile)(program ?? '', [...before, url, ...flags])
  const { categories, audits } = JSON.parse(readFileSync(path, 'utf8')) as Report
  const score = (name: string) => Math.round((categories[name]?.score ?? 0) * 100)
  const value = (name: string) => Math.round((audits[name]?.numericValue ?? 0) * 1000) / 1000
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    'best practices': score('best-practices'),
    'FCP ms': value('first-contentful-paint'),
    'LCP ms': value('largest-contentful-paint'),
    'TBT ms': value('total-blocking-time'),
    CLS: value('cumulative-layout-shift'),
  }
}

test('Lighthouse, as on a desktop', async ({ mosaic, image }) => {
  test.skip(!program, 'LIGHTHOUSE is not set')
  const freshInstall = new Mosaic('lighthouse', image)
  const port = await freePort()
  const browser = await chromium.launchPersistentContext('', {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', `--remote-debugging-port=${port}`],
  })
  try {
    await freshInstall.startAll()
    const page = await browser.newPage()
    await page.goto(`${mosaic.url}/login`)
    await page.getByRole('textbox', { name: 'User name' }).fill(mosaic.username)
    await page.getByRole('textbox', { name: 'Password' }).fill(mosaic.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'New chat' })).toBeVisible()
    await page.close()
    const setup = `${freshInstall.url}/setup`
    for (const url of [setup, `${mosaic.url}/chat`, `${mosaic.url}/jobs`, `${mosaic.url}/knowledge`])
      console.log(new URL(url).pathname, JSON.stringify(await measure(url, port)))
  } finally {
    await browser.close()
    await freshInstall.stopAll()
  }
})
