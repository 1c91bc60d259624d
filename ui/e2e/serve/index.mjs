// Serves dist/ as the binary does (headers, compression, fallback) and forwards /api and /v1 to a real server.
//   MOSAIC_API=http://127.0.0.1:8190 PORT=8193 node e2e/serve/index.mjs
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { extname, join, normalize } from 'node:path'

const DIST = new URL('../../dist/', import.meta.url).pathname
const API = new URL(process.env.MOSAIC_API ?? 'http://127.0.0.1:8080')
const PORT = Number(process.env.PORT ?? 8193)

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
}

function forward(incoming, outgoing) {
  const upstream = request(
    {
      host: API.hostname,
      port: API.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.destroy())
    },
  )
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(502).end()
  })
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
}

async function file(path, encodings) {
  for (const [suffix, encoding] of [
    ['.br', 'br'],
    ['.gz', 'gzip'],
    ['', undefined],
  ]) {
    if (encoding && !encodings.includes(encoding)) continue
    const content = await readFile(join(DIST, path + suffix)).catch(() => null)
    if (content) return { content, encoding }
  }
  return null
}

async function serve(incoming, outgoing) {
  const path = normalize(decodeURIComponent(new URL(incoming.url, 'http://here').pathname))
  const asset = path.startsWith('/assets/')
  const filePath = extname(path) === '' && !asset ? '/index.html' : path
  const found = filePath.includes('/.')
    ? null
    : await file(filePath, String(incoming.headers['accept-encoding'] ?? ''))
  if (!found) {
    outgoing.writeHead(404, HEADERS).end()
    return
  }
  outgoing.writeHead(200, {
    ...HEADERS,
    'content-type': TYPES[extname(filePath)] ?? 'application/octet-stream',
    'cache-control': asset ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(found.encoding ? { 'content-encoding': found.encoding, vary: 'accept-encoding' } : {}),
  })
  outgoing.end(found.content)
}

createServer((incoming, outgoing) => {
  if (/^\/(api|v1)(\/|$|\?)/.test(incoming.url ?? '')) forward(incoming, outgoing)
  else serve(incoming, outgoing).catch(() => outgoing.destroy())
}).listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT} → ${API.origin}`))
