#!/usr/bin/env node
// Runs Chromium in its own network namespace. Every container that starts changes the network interfaces of the host,
// and Chromium then aborts all requests (net::ERR_NETWORK_CHANGED). In the namespace nothing changes. Requests leave it
// through a proxy on a Unix socket, which works across network namespaces.
//   CHROMIUM   default: /usr/bin/chromium
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = process.argv.slice(2)
// Playwright controls Chromium over two more pipes.
const stdio = ['inherit', 'inherit', 'inherit', 3, 4]

const proxy = createServer((incoming, outgoing) => {
  const { hostname: host, port, pathname, search } = new URL(incoming.url)
  const { method, headers } = incoming
  const upstream = request({ host, port, method, headers, path: pathname + search }, (reply) => {
    outgoing.writeHead(reply.statusCode, reply.headers)
    outgoing.flushHeaders()
    reply.pipe(outgoing)
    reply.on('error', () => outgoing.destroy())
  })
  upstream.on('error', () => outgoing.destroy())
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
})

const folder = mkdtempSync(join(tmpdir(), 'chromium-netns-'))
const socket = join(folder, 'proxy')
const unshareArgs = [
  '--net',
  process.execPath,
  join(import.meta.dirname, 'chromium-inside.mjs'),
  socket,
  CHROMIUM,
  ...args,
]
// Without the right to create a namespace, or without `ip`, Chromium runs on the host network.
const canUnshare = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0

proxy.listen(socket, () => {
  const child = canUnshare ? spawn('unshare', unshareArgs, { stdio }) : spawn(CHROMIUM, args, { stdio })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(code ?? 1)
  })
})
