/**
 * A real Mosaic for one test worker: a stub provider, the server on a new database, and the static server in `serve/`
 * unless the binary contains the UI. All are removed at the end.
 *
 *   MOSAIC_BIN, STUB_LLM_BIN   default: ../target/debug/…
 *   MOSAIC_POSTGRES_DIR        what deploy/setup/postgres.sh prints
 *   MOSAIC_SERVES_UI=1         the binary contains the UI
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
  /** The address of the pages. */
  url = ''
  /** The stub provider, as the server and its containers reach it. */
  llm = ''

  private readonly label: string
  // A short path: the database's socket is in it, and its length is limited.
  private readonly data = mkdtempSync(join(tmpdir(), 'mosaic-ui-'))
  private readonly helpers: ChildProcess[] = []
  private server: ChildProcess | undefined
  private origin = ''
  private args: string[] = []

  constructor(
    private readonly name: string,
    private readonly image: string,
  ) {
    this.label = `mosaic.test=ui-${process.pid}-${name}`
    mkdirSync(LOGS, { recursive: true })
    // The embedded Postgres does not run as root and needs access.
    chmodSync(this.data, 0o755)
  }

  /** Starts the server and its helpers for the first time. */
  async startAll(): Promise<void> {
    const llm = `${bridgeAddress()}:${await freePort()}`
    this.llm = `http://${llm}`
    this.helpers.push(this.run('llm', process.env.STUB_LLM_BIN ?? join(TARGET, 'stub-llm'), ['--addr', llm]))
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
    this.helpers.push(this.run('serve', process.execPath, [serve], env))
    await waitUntilReady(this.url, this.helpers)
  }

  /** Starts only the server, on the existing data. */
  async start(): Promise<void> {
    const program = process.env.MOSAIC_BIN ?? join(TARGET, 'mosaic')
    const server = this.run('mosaic', program, this.args, { MOSAIC_AGENT_IMAGE: this.image })
    this.server = server
    await waitUntilReady(`${this.origin}/readyz`, [server])
  }

  /** Kills the server like a power cut; the helpers keep running. */
  async crash(): Promise<void> {
    const { server } = this
    if (!server) return
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await gone
  }

  async stopAll(): Promise<void> {
    const all = [this.server, ...this.helpers].filter((one) => one !== undefined)
    await Promise.all(all.map(stopProcess))
    removeContainers(this.label)
    rmSync(this.data, { recursive: true, force: true })
  }

  /** The log file of the server or a helper. */
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

/** Runs another server while `action` runs. */
export async function withServer<T>(
  program: string,
  args: string[],
  url: string,
  action: () => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { stdio: 'ignore' })
  try {
    await waitUntilReady(url, [child])
    return await action()
  } finally {
    await stopProcess(child)
  }
}

/** SIGTERM, then SIGKILL after 25 s. */
function stopProcess(child: ChildProcess): Promise<void> {
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
function bridgeAddress(): string {
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

let nextPort = 12_000 + (process.pid % 600) * 30

/**
 * A port below the ephemeral range: otherwise an outgoing connection could take it while a killed server is down.
 */
export function freePort(): Promise<number> {
  nextPort = nextPort >= 31_900 ? 12_000 : nextPort + 1
  const port = nextPort
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(freePort()))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(port)))
  })
}

async function waitUntilReady(url: string, children: ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) return
    if (children.some((child) => child.exitCode !== null)) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${url} does not answer; see ${LOGS}`)
}
