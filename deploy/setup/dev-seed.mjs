// What `make dev` begins with: an admin, two people by single sign-on, the stand-in provider, agents, and chats with answers.
//
//   SERVER, PAGES, IDENTITY, LLM: origins   SETUP_TOKEN   PSQL, DATABASE: a program and a superuser's URL
//
// All of it goes through the API, except that some answers of the stand-in are exchanged for longer ones: tables, code and
// lists are what pages are tried with.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { SERVER, PAGES, IDENTITY, LLM, SETUP_TOKEN, PSQL, DATABASE } = process.env
const { admin, people, client } = JSON.parse(readFileSync(new URL('dev-people.json', import.meta.url)))
const [ben, clara] = people

const QUEUE = `A job is taken under a **lease**: it belongs to its worker only for as long as the worker says so every few seconds.

### When a worker crashes

1. The lease lapses after 15 seconds, because nobody renews \`lease_until\`.
2. Another worker takes the job over and looks at **what was done already**.
3. It goes on from there. Each write carries the attempt's *fence*, so a worker that comes back late cannot overwrite anything.

\`\`\`rust
let mut tx = cx.begin().await?;
job.fence(&mut tx).await?; // fails if another worker holds the job by now
store::containers::mark_stopped(&mut tx, id).await?;
tx.commit().await?;
\`\`\`

| State | Who moves it on | Can be retried |
|---|---|---:|
| queued | the producer | no |
| running | a worker | no |
| failed | the handler | yes |`

const PLAN = `Here is a plan for Saturday. Every step can be undone until the last one.

- **08:00** Take a backup and restore it on the spare machine
- **09:00** Apply the migrations: they only add columns, so the old release goes on
- **09:30** Replace the processes one by one
- **10:00** Watch the error rate for half an hour

> If the error rate rises, go back to the old release. The schema fits both.

Shall I write the announcement for the others?`

const SORT = `Both sort the same way; they differ in **what they change** and what they return:

\`\`\`python
names = ["Clara", "ada", "Ben"]

sorted(names, key=str.casefold)  # ["ada", "Ben", "Clara"], and names is as it was
names.sort(key=str.casefold)     # None, and names is sorted now
\`\`\`

| | Returns | Works on | Memory |
|---|---|---|---|
| \`sorted\` | a new list | anything you can loop over | a copy |
| \`list.sort\` | \`None\` | lists only | in place |

Use \`sorted\` unless the list is large or you no longer need its old order.`

/** A browser's cookies, enough of them. Ports do not tell cookies apart, names do. */
class Person {
  #cookies = new Map()

  async fetch(url, { json, form, ...options } = {}) {
    const headers = { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; '), ...options.headers }
    let body
    if (json !== undefined) [headers['content-type'], body] = ['application/json', JSON.stringify(json)]
    if (form !== undefined) body = new URLSearchParams(form)
    const reply = await fetch(url, { redirect: 'manual', ...options, headers, body })
    for (const set of reply.headers.getSetCookie()) {
      const [pair] = set.split(';')
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return reply
  }

  /** Calls the API; a refusal ends the seeding. */
  async call(method, path, json, headers) {
    const reply = await this.fetch(`${SERVER}${path}`, { method, json, headers })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`)
    return { body: text.startsWith('{') ? JSON.parse(text) : {}, etag: reply.headers.get('etag') }
  }
  get = (path) => this.call('GET', path)
  post = (path, json = {}, headers = {}) => this.call('POST', path, json, headers)

  /** Signs in by the identity provider, as its form does. Through the pages: that is where it sends people back to. */
  async signIn({ name, password }) {
    let url = `${PAGES}/api/auth/oidc/start`
    for (let hops = 0; hops < 20; hops += 1) {
      let reply = await this.fetch(url)
      if (reply.status === 200 && url.includes('/interaction/')) reply = await this.fetch(url, { method: 'POST', form: { name, password } })
      const location = reply.headers.get('location')
      if (!location || new URL(location, url).pathname === '/') break
      url = new URL(location, url).href
    }
    await this.get('/api/auth/me')
  }

  provider = { kind: 'openai-compatible', name: 'Stand-in', baseUrl: `${LLM}/v1`, apiKey: 'sk-development', models: [{ id: 'stub-1' }] }

  /** A new chat with one message; answers with the turn's id. */
  async chat(text, title) {
    const { body: chat } = await this.post('/api/chats')
    const turn = await this.ask(chat.id, text)
    if (title) await this.call('PATCH', `/api/chats/${chat.id}`, { title })
    return turn
  }

  /** The guard takes up to ten seconds to let agents through to a provider that is new. */
  async ask(chat, text) {
    for (let tries = 0; tries < 15; tries += 1) {
      const { body: asked } = await this.post(`/api/chats/${chat}/turns`, { text })
      await (await this.fetch(`${SERVER}/api/turns/${asked.turnId}/events`)).text() // ends with the answer
      const { body: turn } = await this.get(`/api/turns/${asked.turnId}`)
      if (turn.status === 'done') return asked.turnId
      if (tries === 14) throw new Error(`no answer to "${text}": ${JSON.stringify(turn)}`)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

/** Turn ids are `trn_` and a UUID without dashes. */
function exchangeAnswers(answers) {
  const sql = answers.map(([turn, text]) => `update turns set answer = $answer$${text}$answer$ where id = '${turn.slice(4)}';`)
  execFileSync(PSQL, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE], { input: sql.join('\n') })
}

const root = new Person()
await root.post('/api/onboarding/breakglass', { username: admin.name, password: admin.password }, { 'x-setup-token': SETUP_TOKEN })
await root.post('/api/onboarding/provider', { ...root.provider, allowPrivateHost: true })
await root.post('/api/onboarding/agent', { name: 'Ada', model: 'stand-in/stub-1' })
await root.post('/api/onboarding/complete')
const { etag } = await root.get('/api/settings')
// Stand-ins are small; with the limits of the real agent few fit on a laptop.
if (process.env.REAL !== '1') await root.call('PATCH', '/api/settings', { limits: { memoryMib: 256 } }, { 'if-match': etag })
await root.call('PUT', '/api/settings/oidc', {
  issuer: IDENTITY,
  clientId: client.id,
  clientSecret: client.secret,
  label: 'Continue with the development sign-in',
})

const [benHimself, claraHerself] = [new Person(), new Person()]
await benHimself.signIn(ben)
await claraHerself.signIn(clara)
await benHimself.post('/api/providers', benHimself.provider)
await benHimself.post('/api/agents', { name: 'Juno', model: 'stand-in/stub-1' })

await root.post('/api/findings', {
  title: 'Leases lapse after 15 seconds',
  content: 'A worker renews the lease of its jobs every five seconds. Fifteen seconds after the last renewal another one takes over.',
  tags: ['queue'],
})
await root.post('/api/findings', { content: 'The weekly report is due on Thursday evening.', tags: ['work'] })
await root.call('PUT', '/api/memory/tone', { value: 'Short answers, British spelling.' })
await root.post('/api/fleet/system-containers', { name: 'help-desk', purpose: 'Answers questions about orders' })

/** One after the other, so that the newest chat of a person is always the same one. */
async function inOrder(...steps) {
  const done = []
  for (const step of steps) done.push(await step())
  return done
}
const [[, plan, queue], his] = await Promise.all([
  inOrder(
    () => root.chat('Are the tests green? [[stub:tool=exec]]', 'Are the tests green?'),
    () => root.chat('Draft a plan for the database upgrade on Saturday', 'Database upgrade on Saturday'),
    () => root.chat('How does the job queue avoid losing work when a worker crashes?', 'Job queue and crashes'),
  ),
  inOrder(
    () => benHimself.chat('What can I cook with leeks, potatoes and cream?', 'Leeks, potatoes and cream'),
    () => benHimself.chat('Translate the letter to the landlord into Portuguese', 'Letter to the landlord'),
    () => benHimself.chat('Draft a plan for moving my files to the new laptop', 'Moving to the new laptop'),
    () => benHimself.chat('What is the difference between sorted and list.sort?', 'sorted or list.sort'),
  ),
])
exchangeAnswers([[plan, PLAN], [queue, QUEUE], [his.at(-1), SORT]])
