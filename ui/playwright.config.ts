import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import type { WorkerFixtures } from './e2e/fixtures'

/** Tests that only run in projects of their own. */
const SEPARATE_TESTS = [/setup\.spec/, /real\.spec/, /(shots|measure)\//]

/**
 * Every worker has its own server, with its own database and containers (`e2e/mosaic.ts`), so that files run in
 * parallel; the tests of one file share a server and run one after the other.
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
      executablePath: join(import.meta.dirname, 'e2e/netns/chromium.mjs'),
      args: ['--no-sandbox'],
    },
  },
  projects: [
    { name: 'setup', testMatch: /setup\.spec/, use: { freshInstall: true } },
    { name: 'desktop', testIgnore: SEPARATE_TESTS },
    {
      name: 'mobile',
      testIgnore: SEPARATE_TESTS,
      grep: /@mobile/,
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
    // Each of these projects is run by name.
    {
      name: 'real',
      testMatch: /real\.spec/,
      use: { freshInstall: true, image: process.env.MOSAIC_REAL_IMAGE ?? 'mosaic-agent:2026.9.6' },
    },
    { name: 'shots', testMatch: /shots\.spec/, retries: 0, timeout: 300_000, use: { freshInstall: true } },
    { name: 'measure', testMatch: /measure\/.*\.spec/, retries: 0, timeout: 600_000 },
  ],
})
