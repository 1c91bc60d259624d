#!/usr/bin/env node
// Chromium in a network namespace of its own. Every container that starts changes the network interfaces of the
// host, and Chromium cuts all it is loading when it sees that (net::ERR_NETWORK_CHANGED). In here it sees nothing
// change. What it asks for leaves through a proxy on a Unix socket, which namespaces of the network do not part.
//   CHROMIUM   default: /usr/bin/chromium
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = process.argv.slice(2)
// Chromium is spoken with over two more pipes.
const stdio = ['inherit', 'inherit', 'inherit', 3, 4]

const proxy = createServer((incoming, outgoing) => {
  const { hostname: host, port, pathname, search } = new URL(incoming.url)
  const { method, headers } = incoming
  const onward = request({ host, port, method, headers, path: pathname + search }, (reply) => {
    outgoing.writeHead(reply.statusCode, reply.headers)
    outgoing.flushHeaders()
    reply.pipe(outgoing)
    reply.on('error', () => outgoing.destroy())
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
})

const folder = mkdtempSync(join(tmpdir(), 'chromium-apart-'))
const socket = join(folder, 'proxy')
const apart = ['--net', process.execPath, join(import.meta.dirname, 'chromium-inside.mjs'), socket, CHROMIUM, ...args]
// Whoever may not make a namespace, or has no `ip` to bring it up, does without.
const can = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0

proxy.listen(socket, () => {
  const child = can ? spawn('unshare', apart, { stdio }) : spawn(CHROMIUM, args, { stdio })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(code ?? 1)
  })
})
