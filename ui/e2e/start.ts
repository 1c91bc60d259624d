/**
 * Starts what the tests need: the stand-in for a provider, a fresh Mosaic, and (until the binary serves the
 * UI itself) the little server of `serve/`. Takes all of it away again.
 *
 *   MOSAIC_BIN, STUB_LLM_BIN      default: ../target/debug/…
 *   MOSAIC_POSTGRES_DIR           what deploy/setup/postgres.sh prints
 *   MOSAIC_AGENT_IMAGE            default: mosaic-stub-agent:dev
 *   MOSAIC_SERVES_UI=1            the binary brings the UI along
 *   MOSAIC_URL, MOSAIC_SETUP_TOKEN, STUB_LLM_URL   use a server that runs already
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FACTS_FILE, type Facts, FOLDER } from './environment'

const TARGET = join(import.meta.dirname, '../../target/debug')
const PERSON = { username: 'maya', password: 'correct horse battery' }

export default async function start(): Promise<() => Promise<void>> {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const given = process.env.MOSAIC_URL
  if (given) {
    const { MOSAIC_SETUP_TOKEN: setupToken = '', STUB_LLM_URL: llm = '' } = process.env
    keep({ url: given, llm, setupToken, ...PERSON })
    return async () => {}
  }
  const children: ChildProcess[] = []
  const label = `mosaic.test=ui-${process.pid}`
  // A short path: the database's socket lies below it.
  const data = mkdtempSync(join(tmpdir(), 'mosaic-ui-'))
  // The embedded Postgres does not run as root, but has to get in.
  chmodSync(data, 0o755)
  const stop = async () => {
    await Promise.all(children.reverse().map(ended))
    removeContainers(label)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    keep(await startAll(children, data, label))
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

function keep(facts: Facts): void {
  writeFileSync(FACTS_FILE, JSON.stringify(facts))
}

async function startAll(children: ChildProcess[], data: string, label: string): Promise<Facts> {
  const [api, internal, ui, llmPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const llm = `${bridge()}:${llmPort}`
  run(children, 'llm', process.env.STUB_LLM_BIN ?? join(TARGET, 'stub-llm'), ['--addr', llm], {})
  const postgres = process.env.MOSAIC_POSTGRES_DIR
  if (!postgres && !process.env.DATABASE_URL)
    throw new Error('Set MOSAIC_POSTGRES_DIR (bash deploy/setup/postgres.sh prints it)')
  const flags = [
    '--data-dir',
    data,
    '--listen',
    `127.0.0.1:${api}`,
    '--listen-internal',
    `0.0.0.0:${internal}`,
  ]
  flags.push('--internal-port', String(internal), '--docker-label', label)
  if (postgres) flags.push('--postgres-dir', postgres)
  const image = process.env.MOSAIC_AGENT_IMAGE ?? 'mosaic-stub-agent:dev'
  const log = run(children, 'mosaic', process.env.MOSAIC_BIN ?? join(TARGET, 'mosaic'), ['up', ...flags], {
    MOSAIC_AGENT_IMAGE: image,
  })
  const origin = `http://127.0.0.1:${api}`
  await answers(`${origin}/readyz`, children)
  const setupToken = /#token=(\S+)/.exec(readFileSync(log, 'utf8'))?.[1] ?? ''
  const facts = { llm: `http://${llm}`, setupToken, ...PERSON }
  if (process.env.MOSAIC_SERVES_UI) return { url: origin, ...facts }
  run(children, 'serve', process.execPath, [join(import.meta.dirname, 'serve/index.mjs')], {
    MOSAIC_API: origin,
    PORT: String(ui),
  })
  await answers(`http://127.0.0.1:${ui}/`, children)
  return { url: `http://127.0.0.1:${ui}`, ...facts }
}

function run(
  children: ChildProcess[],
  name: string,
  program: string,
  args: string[],
  env: Record<string, string>,
): string {
  const path = join(FOLDER, `${name}.log`)
  const log = openSync(path, 'w')
  children.push(spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } }))
  return path
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
  const mine = ['--filter', `label=${label}`]
  for (const [list, remove] of [
    [
      ['ps', '-aq'],
      ['rm', '-f', '-v'],
    ],
    [
      ['network', 'ls', '-q'],
      ['network', 'rm'],
    ],
    [
      ['volume', 'ls', '-q'],
      ['volume', 'rm'],
    ],
  ] as const) {
    const ids = docker([...list, ...mine])
      .split(/\s+/)
      .filter(Boolean)
    if (ids.length > 0) docker([...remove, ...ids])
  }
}

function docker(args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim()
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

async function answers(url: string, children: ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) return
    if (children.some((child) => child.exitCode !== null)) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${url} does not answer; look into ${FOLDER}`)
}
