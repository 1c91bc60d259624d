/**
 * A real Mosaic for one worker of the tests: the stand-in for a provider, the server on a fresh database, and
 * (unless the binary brings the UI along) the little server of `serve/`. Taken away again at the end.
 *
 *   MOSAIC_BIN, STUB_LLM_BIN   default: ../target/debug/…
 *   MOSAIC_POSTGRES_DIR        what deploy/setup/postgres.sh prints
 *   MOSAIC_SERVES_UI=1         the binary brings the UI along
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TARGET = join(import.meta.dirname, '../../target/debug')
const LOGS = join(import.meta.dirname, '../test-results/.servers')

export class Mosaic {
  readonly username = 'maya'
  readonly password = 'correct horse battery'
  setupToken = ''
  /** Where the pages are served. */
  url = ''
  /** The stand-in for a provider, as the server and its containers reach it. */
  llm = ''

  private readonly label: string
  // A short path: the database's socket lies below it.
  private readonly data = mkdtempSync(join(tmpdir(), 'mosaic-ui-'))
  private readonly beside: ChildProcess[] = []
  private server: ChildProcess | undefined
  private origin = ''
  private args: string[] = []

  constructor(
    private readonly name: string,
    private readonly image: string,
  ) {
    this.label = `mosaic.test=ui-${process.pid}-${name}`
    mkdirSync(LOGS, { recursive: true })
    // The embedded Postgres does not run as root, but has to get in.
    chmodSync(this.data, 0o755)
  }

  /** Everything, for the first time. */
  async begin(): Promise<void> {
    const llm = `${bridge()}:${await freePort()}`
    this.llm = `http://${llm}`
    this.beside.push(this.run('llm', process.env.STUB_LLM_BIN ?? join(TARGET, 'stub-llm'), ['--addr', llm]))
    const [api, internal, pages] = [await freePort(), await freePort(), await freePort()]
    this.origin = `http://127.0.0.1:${api}`
    this.url = process.env.MOSAIC_SERVES_UI ? this.origin : `http://127.0.0.1:${pages}`
    this.args = ['up', '--data-dir', this.data, '--listen', `127.0.0.1:${api}`, '--public-url', this.url]
    this.args.push('--listen-internal', `0.0.0.0:${internal}`, '--internal-port', String(internal))
    this.args.push('--docker-label', this.label)
    const postgres = process.env.MOSAIC_POSTGRES_DIR
    if (postgres) this.args.push('--postgres-dir', postgres)
    else if (!process.env.DATABASE_URL)
      throw new Error('Set MOSAIC_POSTGRES_DIR (bash deploy/setup/postgres.sh prints it)')
    await this.start()
    this.setupToken = /#token=(\S+)/.exec(readFileSync(this.log('mosaic'), 'utf8'))?.[1] ?? ''
    if (this.url === this.origin) return
    const serve = join(import.meta.dirname, 'serve/index.mjs')
    const env = { MOSAIC_API: this.origin, PORT: String(pages) }
    this.beside.push(this.run('serve', process.execPath, [serve], env))
    await answers(this.url, this.beside)
  }

  /** The server alone, on the data that is there. */
  async start(): Promise<void> {
    const program = process.env.MOSAIC_BIN ?? join(TARGET, 'mosaic')
    const server = this.run('mosaic', program, this.args, { MOSAIC_AGENT_IMAGE: this.image })
    this.server = server
    await answers(`${this.origin}/readyz`, [server])
  }

  /** The server dies as by a power cut; what stands beside it stays. */
  async crash(): Promise<void> {
    const { server } = this
    if (!server) return
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await gone
  }

  async end(): Promise<void> {
    const all = [this.server, ...this.beside].filter((one) => one !== undefined)
    await Promise.all(all.map(ended))
    removeContainers(this.label)
    rmSync(this.data, { recursive: true, force: true })
  }

  /** What it and the servers beside it have said. */
  log(of: 'mosaic' | 'llm' | 'serve'): string {
    return join(LOGS, `${this.name}-${of}.log`)
  }

  private run(
    of: 'mosaic' | 'llm' | 'serve',
    program: string,
    args: string[],
    env: Record<string, string> = {},
  ) {
    const log = openSync(this.log(of), 'a')
    return spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
  }
}

/** Another server beside it, for the length of `work`. */
export async function beside<T>(
  program: string,
  args: string[],
  url: string,
  work: () => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { stdio: 'ignore' })
  try {
    await answers(url, [child])
    return await work()
  } finally {
    await ended(child)
  }
}

/** Asks it to end, and makes it end. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 25_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** The host's own address on Docker's default bridge: this process and containers both reach it. */
function bridge(): string {
  const address = docker(['network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}'])
  return address || '172.17.0.1'
}

function removeContainers(label: string): void {
  for (const [list, remove] of [
    ['ps -aq', 'rm -f -v'],
    ['network ls -q', 'network rm'],
    ['volume ls -q', 'volume rm'],
  ] as const) {
    const found = docker([...list.split(' '), '--filter', `label=${label}`])
    if (found) docker([...remove.split(' '), ...found.split(/\s+/)])
  }
}

function docker(args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim()
}

let next = 12_000 + (process.pid % 600) * 30

/**
 * A port below the range out of which the kernel serves outgoing connections: one of those could otherwise
 * take it while a killed server is away.
 */
export function freePort(): Promise<number> {
  next = next >= 31_900 ? 12_000 : next + 1
  const port = next
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(freePort()))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(port)))
  })
}

async function answers(url: string, children: ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) return
    if (children.some((child) => child.exitCode !== null)) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${url} does not answer; look into ${LOGS}`)
}
