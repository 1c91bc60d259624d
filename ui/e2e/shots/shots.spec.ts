import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { expect, test } from '../fixtures'
import type { Mosaic } from '../mosaic'
import * as samples from './samples'

const FOLDER = process.env.SHOTS ?? join(import.meta.dirname, '../../shots')
const SIZES = { desktop: { width: 1440, height: 900 }, mobile: { width: 390, height: 844 } }
const THEMES = ['light', 'dark'] as const

mkdirSync(FOLDER, { recursive: true })
test.describe.configure({ mode: 'serial' })
// Error states are shown on purpose.
test.use({ allowConsole: /./ })

/** One picture for each width and theme of what is on the page now. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    for (const theme of THEMES) {
      await page.evaluate((value) => {
        document.documentElement.dataset.theme = value
      }, theme)
      // Animations end and canvases are redrawn.
      await page.waitForTimeout(350)
      await page.screenshot({ path: join(FOLDER, `${name}-${size}-${theme}.png`) })
    }
  }
  await page.setViewportSize(SIZES.desktop)
}

/** The signed-in state, from the setup on. */
let admin: Awaited<ReturnType<BrowserContext['storageState']>>

async function signedIn(browser: Browser, mosaic: Mosaic): Promise<BrowserContext> {
  return browser.newContext({ baseURL: mosaic.url, storageState: admin, viewport: SIZES.desktop })
}

test('the setup', async ({ browser, mosaic }) => {
  const { setupToken, username, password, llm, url } = mosaic
  const context = await browser.newContext({ baseURL: url, viewport: SIZES.desktop })
  const page = await context.newPage()
  await page.goto(`/setup#token=${setupToken}`)
  await page.getByRole('heading', { name: 'Create the admin account' }).waitFor()
  await shoot(page, 'setup-1-admin')
  await page.getByRole('textbox', { name: 'User name' }).fill(username)
  await page.getByRole('textbox', { name: 'Password' }).fill('short')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('Use at least 12 characters.').waitFor()
  await shoot(page, 'setup-1-admin-error')
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Set up single sign-on' }).waitFor()
  await shoot(page, 'setup-2-oidc')
  await page.getByRole('button', { name: 'Skip for now' }).click()
  await page.getByRole('heading', { name: 'Connect a model provider' }).waitFor()
  await page.getByRole('radio', { name: 'OpenAI-compatible' }).waitFor()
  await shoot(page, 'setup-3-provider')
  await page.getByText('OpenAI-compatible').click()
  await page.getByRole('textbox', { name: 'API address' }).fill(`${llm}/v1`)
  await page.getByRole('textbox', { name: /^API key/ }).fill('sk-bad-key')
  await page.getByRole('switch').click()
  await page.getByRole('textbox', { name: 'Model id' }).fill('stub-small')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save and test' }).click()
  await page.getByText('The connection failed').waitFor()
  await page.getByText('The connection failed').scrollIntoViewIfNeeded()
  await shoot(page, 'setup-3-provider-failed')
  await page.getByRole('button', { name: 'Replace' }).click()
  await page.getByRole('textbox', { name: /^API key/ }).fill('sk-good-key-1234')
  await page.getByRole('button', { name: 'Load the list' }).click()
  await page.getByRole('list', { name: 'Models of this provider' }).waitFor()
  await shoot(page, 'setup-3-provider-list')
  await page.getByRole('button', { name: 'Save and test' }).click()
  await page.getByText('The connection works').waitFor()
  await page.getByRole('button', { name: 'Continue' }).scrollIntoViewIfNeeded()
  await shoot(page, 'setup-3-provider-works')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Create your first agent' }).waitFor()
  await shoot(page, 'setup-4-agent')
  await page.getByRole('button', { name: 'Create agent' }).click()
  await page.getByRole('heading', { name: 'Mosaic is ready' }).waitFor()
  await shoot(page, 'setup-5-done')
  await page.getByRole('button', { name: 'Start chatting' }).click()
  await page.getByRole('heading', { name: 'New chat' }).waitFor()
  admin = await context.storageState()
  await context.close()
})

test('the sign-in', async ({ browser, mosaic }) => {
  const context = await browser.newContext({ baseURL: mosaic.url, viewport: SIZES.desktop })
  const page = await context.newPage()
  await page.goto('/login')
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await shoot(page, 'login')
  await page.getByRole('textbox', { name: 'User name' }).fill('unknown')
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await shoot(page, 'login-refused')
  await context.close()
})

const ANSWER = `A job is taken under a **lease**: it belongs to its worker only for as long as the worker says so every few seconds.

### When a worker crashes

1. The lease lapses after 15 seconds, because \`lease_until\` is not renewed.
2. Another worker takes the job over and **finds what was done**.
3. It goes on from there, so nothing happens twice.

\`\`\`rust
pub async fn claim(pool: &PgPool, worker: &str, n: i64) -> Result<Vec<Job>> {
    // One round trip: pick, lock and lease.
    sqlx::query_as!(Job, "update jobs set state = 'running' returning *", worker, n)
        .fetch_all(pool)
        .await
}
\`\`\`

| State | Who moves it | Can be retried |
|---|---|---:|
| queued | the producer | no |
| running | a worker | no |
| failed | the handler | yes |`

test('the chat', async ({ browser, mosaic }) => {
  const context = await signedIn(browser, mosaic)
  const page = await context.newPage()
  await page.goto('/chat')
  await page.getByRole('heading', { level: 2 }).first().waitFor()
  await shoot(page, 'chat-1-new')
  const ask = async (text: string) => {
    await page.goto('/chat')
    await page.getByRole('textbox', { name: /^Message to/ }).fill(text)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.waitForURL(/cht_/)
  }
  // A start that does not end, for a picture in all sizes.
  await page.route('**/api/turns/*/events', (route) => {
    const stage = (name: string, elapsedMs: number, more = '') =>
      `event: stage\ndata: {"name":"${name}","elapsedMs":${elapsedMs}${more}}\n\n`
    const body = stage('queued', 0) + stage('creating', 500) + stage('booting', 1100, ',"usualMs":2400')
    return route.fulfill({ status: 200, contentType: 'text/event-stream', body })
  })
  await ask('How does the job queue avoid losing work when a worker crashes?')
  await page.getByText('Starting your agent').waitFor()
  await shoot(page, 'chat-2-starting')
  await page.unroute('**/api/turns/*/events')
  await page.reload()
  await page.getByRole('button', { name: 'Answer again' }).waitFor({ timeout: 60_000 })
  const id = new URL(page.url()).pathname.split('/').at(-1)
  const chat = await (await page.request.get(`/api/chats/${id}`)).json()
  chat.turns[0].answer = ANSWER
  chat.turns[0].tools = [
    {
      id: 't1',
      name: 'read',
      arguments: { path: 'jobs/src/engine.rs' },
      status: 'done',
      result: 'pub fn claim…',
    },
    {
      id: 't2',
      name: 'exec',
      arguments: { command: 'cargo test -p jobs' },
      status: 'failed',
      result: 'exit code 101',
    },
  ]
  await page.route(`**/api/chats/${id}`, (route) => route.fulfill({ json: chat }))
  await page.reload()
  await page.locator('.hljs-keyword').first().waitFor()
  await shoot(page, 'chat-4-done')
  await page.unroute(`**/api/chats/${id}`)

  await ask('Tell me something long [[stub:tokens=4000,gap=20]]')
  await page.getByText('w60').waitFor()
  await shoot(page, 'chat-3-streaming')
  await page.getByRole('button', { name: 'Stop the answer' }).click()
  await page.getByText('You stopped this answer.').waitFor()
  await shoot(page, 'chat-5-stopped')
  await ask('Fail, please [[stub:error=429]]')
  await page.getByRole('alert').waitFor()
  await shoot(page, 'chat-6-error')
  await page.getByRole('button', { name: 'Edit and send again' }).click()
  await shoot(page, 'chat-7-edit')
  await page.goto('/chat/cht_01a2000000007000800000000000dead')
  await page.getByText('This chat does not exist').waitFor()
  await shoot(page, 'chat-8-missing')
  await page.goto('/chat')
  await page.getByRole('button', { name: /Admin$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
  await page.screenshot({ path: join(FOLDER, 'user-menu-desktop-light.png') })
  await page.keyboard.press('Escape')
  await page.setViewportSize(SIZES.mobile)
  await page.getByRole('button', { name: 'Open the menu' }).click()
  await page.getByRole('dialog').waitFor()
  await page.waitForTimeout(350)
  await page.screenshot({ path: join(FOLDER, 'nav-drawer-mobile-light.png') })
  await context.close()
})

test('everything else', async ({ browser, mosaic }) => {
  const context = await signedIn(browser, mosaic)
  const page = await context.newPage()
  const pages: Record<string, string> = {
    'settings-providers': '/settings/providers',
    'settings-provider-new': '/settings/providers?open=new',
    'settings-agents': '/settings/agents',
    'settings-agent-new': '/settings/agents?open=new',
    'settings-tokens': '/settings/tokens',
    'settings-sessions': '/settings/sessions',
    'settings-activity': '/settings/activity',
    'settings-sign-in': '/settings/sign-in',
    'settings-instance': '/settings/instance',
    users: '/users',
    audit: '/audit',
    jobs: '/jobs',
    'jobs-lanes': '/jobs?view=lanes',
    'jobs-workers': '/jobs?view=workers',
    'jobs-schedules': '/jobs?view=schedules',
    'jobs-empty': '/jobs?q=no-such-kind',
    missing: '/nowhere',
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path)
    await page.locator('h1').waitFor()
    await page.waitForTimeout(700)
    await shoot(page, name)
  }
  await page.goto('/jobs')
  const first = page
    .getByRole('table', { name: 'Jobs' })
    .getByRole('link', { name: 'Start a container' })
    .first()
  await first.click()
  await page.getByRole('dialog').waitFor()
  await shoot(page, 'jobs-detail')
  await page.keyboard.press('Escape')
  await page.getByRole('checkbox').nth(1).check()
  await page.getByRole('checkbox').nth(2).check()
  await shoot(page, 'jobs-selected')
  await context.close()
})

test('an agent of the instance', async ({ browser, mosaic }) => {
  const context = await signedIn(browser, mosaic)
  const page = await context.newPage()
  await page.goto('/fleet')
  await page.getByText('None yet').scrollIntoViewIfNeeded()
  await shoot(page, 'fleet-own-agents-none')
  const made = await page.request.post('/api/fleet/system-containers', {
    data: { name: 'help-desk', purpose: 'Answers questions about orders' },
  })
  expect(made.status()).toBe(201)
  await page.goto('/users')
  await page.getByText('help-desk').waitFor()
  await shoot(page, 'users-with-own-agent')
  await page.goto('/fleet')
  await page.getByRole('button', { name: 'Open help-desk' }).click()
  await page.getByRole('region', { name: 'Acting account' }).waitFor()
  for (const [name, path] of Object.entries({
    chat: '/chat',
    providers: '/settings/providers',
    activity: '/settings/activity',
    data: '/settings/data',
  })) {
    await page.goto(path)
    await page.waitForTimeout(700)
    await shoot(page, `impersonation-${name}`)
  }
  await page.request.delete(`/api/fleet/system-containers/${(await made.json()).id}`)
  await page.goto('/settings/providers')
  await page
    .getByText(/^You are back in your own account/)
    .first()
    .waitFor()
  await shoot(page, 'impersonation-over')
  await context.close()
})

test('pages with sample data', async ({ browser, mosaic }) => {
  const context = await signedIn(browser, mosaic)
  const page = await context.newPage()
  const answers = (path: string, json: unknown) =>
    page.route(
      (url) => url.pathname === path,
      (route) => route.fulfill({ json }),
    )
  await answers('/api/fleet/containers', samples.fleet)
  await answers('/api/fleet/self-test', samples.selfTest)
  await answers('/api/fleet/system-containers', samples.systemContainers)
  await answers('/api/me/export', samples.exported)
  await answers('/api/knowledge/status', samples.status)
  await answers('/api/findings', samples.findings)
  await answers('/api/findings/fnd_1', samples.findings.items[0])
  await answers('/api/findings/search', samples.foundFindings)
  await answers('/api/memory', samples.memories)
  await answers('/api/memory/tone', samples.memories.items[2])
  await answers('/api/memory/tone/history', {
    items: [{ version: 2, value: 'Short answers.', at: new Date().toISOString(), by: 'agent' }],
  })
  await answers('/api/conversations', samples.conversations)
  await answers('/api/conversations/search', samples.foundMessages)
  await answers('/api/conversations/cnv_1', samples.conversationPage)
  const pages: Record<string, string> = {
    fleet: '/fleet',
    'my-data': '/settings/data',
    'knowledge-findings': '/knowledge',
    'knowledge-findings-found': '/knowledge?q=index',
    'knowledge-finding': '/knowledge?open=fnd_1',
    'knowledge-finding-new': '/knowledge?open=new',
    'knowledge-memory': '/knowledge?tab=memory',
    'knowledge-memory-entry': '/knowledge?tab=memory&open=tone',
    'knowledge-conversations': '/knowledge?tab=conversations',
    'knowledge-conversations-found': '/knowledge?tab=conversations&q=index',
    'knowledge-conversation': '/knowledge?tab=conversations&open=cnv_1&at=msg_2',
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path)
    await page.locator('h1').waitFor()
    await page.waitForTimeout(700)
    await shoot(page, name)
  }
  await page.goto('/settings/data')
  await page.getByRole('button', { name: 'Delete my account' }).click()
  await page.getByRole('dialog').waitFor()
  await shoot(page, 'my-data-delete')
  // Only one container, so that the card below is in the picture.
  await answers('/api/fleet/containers', { ...samples.fleet, items: samples.fleet.items.slice(4, 5) })
  await page.goto('/fleet')
  await page.getByText('help-desk').first().waitFor()
  await shoot(page, 'fleet-own-agents')
  await page.getByRole('button', { name: 'New agent' }).click()
  await page.getByRole('dialog').waitFor()
  await shoot(page, 'fleet-own-agent-new')
  await page.keyboard.press('Escape')
  await answers('/api/fleet/containers', samples.fleet)
  await answers('/api/fleet/self-test', samples.notEnforced)
  await page.goto('/fleet')
  await page.getByText('Not enforced').scrollIntoViewIfNeeded()
  await shoot(page, 'fleet-not-enforced')
  for (const path of ['/api/findings', '/api/memory', '/api/conversations'])
    await answers(path, { items: [] })
  for (const tab of ['findings', 'memory', 'conversations']) {
    await page.goto(`/knowledge?tab=${tab}`)
    await page.waitForTimeout(700)
    await shoot(page, `knowledge-${tab}-empty`)
  }
  await context.close()
})
