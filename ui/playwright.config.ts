import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import type { WorkerFixtures } from './e2e/fixtures'

/** What the projects `desktop` and `mobile` leave to others. */
const ASIDE = [/setup\.spec/, /real\.spec/, /(shots|measure)\//]

/**
 * Every worker has a server of its own, with a database and containers of its own (`e2e/mosaic.ts`), so that
 * files run beside each other; the tests of one file share it, one after the other.
 */
export default defineConfig<object, WorkerFixtures>({
  testDir: './e2e',
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: 1,
  reporter: [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    trace: 'on-first-retry',
    permissions: ['clipboard-read', 'clipboard-write'],
    launchOptions: {
      executablePath: join(import.meta.dirname, 'e2e/apart/chromium.mjs'),
      args: ['--no-sandbox'],
    },
  },
  projects: [
    { name: 'setup', testMatch: /setup\.spec/, use: { untouched: true } },
    { name: 'desktop', testIgnore: ASIDE },
    {
      name: 'mobile',
      testIgnore: ASIDE,
      grep: /@mobile/,
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
    // Each of these is run by its name.
    {
      name: 'real',
      testMatch: /real\.spec/,
      use: { untouched: true, image: process.env.MOSAIC_REAL_IMAGE ?? 'mosaic-agent:2026.9.6' },
    },
    { name: 'shots', testMatch: /shots\.spec/, retries: 0, timeout: 300_000, use: { untouched: true } },
    { name: 'measure', testMatch: /measure\/.*\.spec/, retries: 0, timeout: 600_000 },
  ],
})
