import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '../fixtures'

// A long answer on the real page: frames per second, long tasks, heap. Only the answer is synthetic, since the stub
// provider does not write 20,000 tokens of markdown.

const TOKENS = Number(process.env.TOKENS ?? 20_000)
const TOKENS_PER_SECOND = Number(process.env.RATE ?? 100)
/** Tokens that are sent at once, to measure the end of a long answer without waiting for it. */
const INITIAL_TOKENS = Number(process.env.START ?? 0)
const TURN = 'trn_01a20000000070008000000000000001'
const CHAT = 'cht_01a20000000070008000000000000001'
const WINDOW_SECONDS = 20

/** Markdown as models write it: prose, lists, code and tables, four characters per token. */
function answer(): string {
  const section = (at: number) => `## Part ${at}: what happens when a worker is lost

A job is taken under a **lease**. When its worker falls silent, the lease lapses and another worker takes the job over; it finds what was done and goes on from there. See [the rules](https://example.com/rules) and \`jobs.lease_until\`.

1. Select what is due with \`FOR UPDATE SKIP LOCKED\`, by priority and time.
2. Mark it as taken, with the name of the worker and the end of the lease.
3. Commit, and begin.

\`\`\`rust
pub async fn claim(pool: &PgPool, worker: &str, n: i64) -> Result<Vec<Job>> {
    // One round trip: pick, lock and lease.
    sqlx::query_as!(Job, "update jobs set state = 'running' where id = any($1)", n)
        .fetch_all(pool)
        .await
}
\`\`\`

| State | Who moves it | Retried |
|---|---|---:|
| queued | the producer | no |
| running | a worker | no |
| failed | the handler | yes |

> A retry never repeats what was done already.

`
  let text = ''
  for (let at = 1; text.length < TOKENS * 4; at += 1) text += section(at)
  return text.slice(0, TOKENS * 4)
}

function stream(text: string, outgoing: ServerResponse, onEnd: () => void): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(
      TOKENS,
      INITIAL_TOKENS + Math.floor(((performance.now() - began) / 1000) * TOKENS_PER_SECOND),
    )
    for (; sent < due; sent += 1) {
      const data = JSON.stringify({ text: text.slice(sent * 4, sent * 4 + 4) })
      outgoing.write(`id: ${sent + 1}\nevent: delta\ndata: ${data}\n\n`)
    }
    if (sent < TOKENS) return
    onEnd()
    outgoing.end('event: done\ndata: {"status":"done"}\n\n')
  }, 10)
  outgoing.on('close', () => clearInterval(timer))
}

/** A proxy to the server that replaces the turn's stream. Returns its address and a function to close it. */
async function startProxy(origin: URL, text: string, onEnd: () => void): Promise<[string, () => void]> {
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === `/api/turns/${TURN}/events`) return stream(text, outgoing, onEnd)
    const { hostname: host, port } = origin
    const { method, url: path, headers } = incoming
    const upstream = request({ host, port, method, path, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = () => {
    server.closeAllConnections()
    server.close()
  }
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, end]
}

interface MeasuredWindow {
  measured: { frames: number[]; tasks: number[] }
}

test('a long answer streams in without the page losing frames', async ({ page, mosaic }) => {
  const text = answer()
  let over = false
  const [base, end] = await startProxy(new URL(mosaic.url), text, () => {
    over = true
  })
  const at = new Date().toISOString()
  const turn = {
    id: TURN,
    chatId: CHAT,
    seq: 1,
    agentId: null,
    question: 'A long one',
    answer: '',
    tools: [],
  }
  const chat = { id: CHAT, title: 'Speed', agentId: null, createdAt: at, updatedAt: at }
  // After the stream the page reads the stored answer.
  await page.route(`**/api/chats/${CHAT}`, (route) => {
    const stored = over ? { status: 'done', answer: text } : { status: 'running' }
    return route.fulfill({ json: { ...chat, turns: [{ ...turn, ...stored, createdAt: at }] } })
  })
  await page.addInitScript(() => {
    const { measured } = Object.assign(window as unknown as MeasuredWindow, {
      measured: { frames: [], tasks: [] } as MeasuredWindow['measured'],
    })
    const frame = (now: number) => {
      measured.frames.push(now)
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) measured.tasks.push(task.duration)
    }).observe({ type: 'longtask' })
  })
  await page.goto(`${base}/chat/${CHAT}`)
  await page.getByRole('log').waitFor()

  const fps: number[] = []
  for (let done = 0; done < (TOKENS - INITIAL_TOKENS) / TOKENS_PER_SECOND; done += WINDOW_SECONDS) {
    await page.evaluate(() => {
      const { measured } = window as unknown as MeasuredWindow
      measured.frames.length = 0
      measured.tasks.length = 0
    })
    await page.waitForTimeout(WINDOW_SECONDS * 1000)
    const row = await page.evaluate(() => {
      const { frames, tasks } = (window as unknown as MeasuredWindow).measured
      const gaps = frames
        .slice(1)
        .map((time, index) => time - (frames[index] ?? time))
        .sort((a, b) => a - b)
      const seconds = ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / 1000
      const { memory } = performance as unknown as { memory: { usedJSHeapSize: number } }
      return {
        characters: document.querySelector('.prose')?.textContent?.length ?? 0,
        fps: Math.round((gaps.length / seconds) * 10) / 10,
        'frame p95 ms': Math.round((gaps[Math.floor(gaps.length * 0.95)] ?? 0) * 10) / 10,
        'long tasks': tasks.length,
        'longest ms': Math.round(Math.max(0, ...tasks)),
        'heap MB': Math.round(memory.usedJSHeapSize / 1e6),
        nodes: document.querySelectorAll('*').length,
      }
    })
    fps.push(row.fps)
    console.log(JSON.stringify(row))
  }
  console.log(`slowest ${WINDOW_SECONDS} s: ${Math.min(...fps)} frames per second`)
  // The frame rate is only printed; the test checks that the whole answer arrived.
  await expect(page.getByRole('button', { name: 'Stop the answer' })).toBeHidden({ timeout: 30_000 })
  end()
})
