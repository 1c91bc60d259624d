import { defineConfig } from '@playwright/test'
import base from './playwright.config'

/** Pictures of every page and state, for people to look at: `npm run screenshots`, into `shots/`. */
export default defineConfig({
  ...base,
  testDir: './e2e/shots',
  testIgnore: [],
  timeout: 180_000,
  retries: 0,
  projects: [{ name: 'shots' }],
})
