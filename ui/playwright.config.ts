import { defineConfig } from '@playwright/test'
import { AUTH } from './e2e/environment'

/** One server for all tests, so one after the other. It is started by `e2e/start.ts` unless MOSAIC_URL says where it runs. */
export default defineConfig({
  testDir: './e2e',
  globalSetup: './e2e/start.ts',
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // Containers that others start meanwhile cut connections of the browser, see fixtures.ts.
  retries: 1,
  reporter: [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    trace: 'retain-on-failure',
    permissions: ['clipboard-read', 'clipboard-write'],
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
  projects: [
    { name: 'setup', testMatch: /setup\.spec\.ts/ },
    {
      name: 'desktop',
      testIgnore: [/setup\.spec\.ts/, /shots\//],
      dependencies: ['setup'],
      use: { storageState: AUTH },
    },
    {
      name: 'mobile',
      testIgnore: [/setup\.spec\.ts/, /shots\//],
      grep: /@mobile/,
      dependencies: ['setup'],
      use: { storageState: AUTH, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
  ],
})
