// Adds up what a cold visit of each route loads, and fails if a budget is exceeded. Run after `npm run build`.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const DIST = new URL('../dist/', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'))
const KB = 1024

/** Route → its modules and its budget in KB of gzip, JavaScript only. */
const ROUTES = {
  shell: [['routes/_app.tsx'], 150],
  '/setup': [['routes/setup.tsx'], 210],
  '/login': [['routes/login.tsx'], 210],
  '/chat': [['routes/_app.tsx', 'routes/_app/chat/index.tsx'], 300],
  '/chat/:id': [['routes/_app.tsx', 'routes/_app/chat/$id.tsx'], 300],
  '/jobs': [['routes/_app.tsx', 'routes/_app/jobs/route.tsx', 'features/jobs/chart.tsx'], 245],
  '/jobs/:id': [
    ['routes/_app.tsx', 'routes/_app/jobs/route.tsx', 'routes/_app/jobs/$id.tsx', 'features/jobs/chart.tsx'],
    260,
  ],
  '/settings/providers': [
    ['routes/_app.tsx', 'routes/_app/settings/route.tsx', 'routes/_app/settings/providers.tsx'],
    225,
  ],
  '/settings/agents': [
    ['routes/_app.tsx', 'routes/_app/settings/route.tsx', 'routes/_app/settings/agents.tsx'],
    225,
  ],
  '/settings/instance': [
    ['routes/_app.tsx', 'routes/_app/settings/route.tsx', 'routes/_app/settings/instance.tsx'],
    225,
  ],
  '/settings/data': [
    ['routes/_app.tsx', 'routes/_app/settings/route.tsx', 'routes/_app/settings/data.tsx'],
    225,
  ],
  '/knowledge': [['routes/_app.tsx', 'routes/_app/knowledge.tsx'], 225],
  '/fleet': [['routes/_app.tsx', 'routes/_app/fleet.tsx'], 225],
  '/users': [['routes/_app.tsx', 'routes/_app/users.tsx'], 225],
  '/audit': [['routes/_app.tsx', 'routes/_app/audit.tsx'], 225],
  highlighter: [['components/markdown/highlight.ts'], 25, 'alone'],
}
const CSS_BUDGET_KB = 14
const FONTS_BUDGET_KB = 60
const DIST_BUDGET_KB = 1.5 * KB

const gzipSizeKb = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length / KB
const sizes = new Map()
const sizeOf = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSizeKb(file))
  return sizes.get(file)
}

/** Every file that is loaded with a chunk, without dynamic imports. */
function staticFiles(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const sheet of chunk.css ?? []) seen.add(sheet)
  for (const next of chunk.imports ?? []) staticFiles(next, seen)
  return seen
}

/** The router plugin appends a query to the path of a route's lazy part. */
function keysOf(module) {
  const found = Object.keys(manifest).filter((key) => key.split('?')[0] === `src/${module}`)
  if (found.length === 0) throw new Error(`no chunk of ${module}: was it renamed?`)
  return found
}

let exceeded = 0
const report = (name, value, budget) => {
  const bad = value > budget
  if (bad) exceeded += 1
  console.log(`${bad ? 'OVER' : 'ok  '} ${name.padEnd(22)} ${value.toFixed(1).padStart(7)} KB of ${budget}`)
}

let css = 0
for (const [name, [modules, budget, alone]] of Object.entries(ROUTES)) {
  const loaded = new Set()
  if (!alone) staticFiles('index.html', loaded)
  for (const module of modules) for (const key of keysOf(module)) staticFiles(key, loaded)
  const all = [...loaded]
  const sum = (pattern) =>
    all.filter((file) => pattern.test(file)).reduce((total, file) => total + sizeOf(file), 0)
  css = Math.max(css, sum(/\.css$/))
  report(name, sum(/\.js$/), budget)
}
report('css', css, CSS_BUDGET_KB)

const everything = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
)
const bytes = (entries) =>
  entries.reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0) / KB
report(
  'fonts (latin)',
  bytes(everything.filter((entry) => /-latin-wght.*\.woff2$/.test(entry.name))),
  FONTS_BUDGET_KB,
)
report(
  'dist, not compressed',
  bytes(everything.filter((entry) => !/\.(br|gz)$/.test(entry.name))),
  DIST_BUDGET_KB,
)

if (exceeded > 0) {
  console.error(`${exceeded} budgets are exceeded. Load less, or raise the budget and say why.`)
  process.exit(1)
}
