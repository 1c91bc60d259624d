// The part of chromium.mjs inside the namespace: a TCP listener that forwards to the proxy's socket, and Chromium.
import { spawn, spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'

const [socket, program, ...args] = process.argv.slice(2)
spawnSync('ip', ['link', 'set', 'lo', 'up'])

const listener = createServer((inside) => {
  const outside = connect(socket)
  for (const end of [inside, outside])
    end.on('error', () => {
      inside.destroy()
      outside.destroy()
    })
  inside.pipe(outside).pipe(inside)
})
listener.listen(0, '127.0.0.1', () => {
  const proxyArgs = [
    `--proxy-server=http://127.0.0.1:${listener.address().port}`,
    '--proxy-bypass-list=<-loopback>',
  ]
  const child = spawn(program, [...proxyArgs, ...args], { stdio: ['inherit', 'inherit', 'inherit', 3, 4] })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
})
