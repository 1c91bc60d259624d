// Adds up what a cold visit of each route loads, and fails where a budget is passed. Run after `npm run build`.
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
  highlighter: [['lib/markdown/highlight.ts'], 25, 'alone'],
}
const CSS = 14
const FONTS = 60
const WHOLE = 1.5 * KB

const gz = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length / KB
const cost = new Map()
const costOf = (file) => {
  if (!cost.has(file)) cost.set(file, gz(file))
  return cost.get(file)
}

/** Every file that comes with a chunk, without what is loaded on demand. */
function files(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const sheet of chunk.css ?? []) seen.add(sheet)
  for (const next of chunk.imports ?? []) files(next, seen)
  return seen
}

/** The lazy part of a route carries its path with a query of the router's plugin. */
function keysOf(module) {
  const found = Object.keys(manifest).filter((key) => key.split('?')[0] === `src/${module}`)
  if (found.length === 0) throw new Error(`no chunk of ${module}: was it renamed?`)
  return found
}

let over = 0
const say = (name, value, budget) => {
  const bad = value > budget
  if (bad) over += 1
  console.log(`${bad ? 'OVER' : 'ok  '} ${name.padEnd(22)} ${value.toFixed(1).padStart(7)} KB of ${budget}`)
}

let css = 0
for (const [name, [modules, budget, alone]] of Object.entries(ROUTES)) {
  const loaded = new Set()
  if (!alone) files('index.html', loaded)
  for (const module of modules) for (const key of keysOf(module)) files(key, loaded)
  const all = [...loaded]
  const sum = (pattern) =>
    all.filter((file) => pattern.test(file)).reduce((total, file) => total + costOf(file), 0)
  css = Math.max(css, sum(/\.css$/))
  say(name, sum(/\.js$/), budget)
}
say('css', css, CSS)

const everything = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
)
const bytes = (entries) =>
  entries.reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0) / KB
say('fonts (latin)', bytes(everything.filter((entry) => /-latin-wght.*\.woff2$/.test(entry.name))), FONTS)
say('dist, not compressed', bytes(everything.filter((entry) => !/\.(br|gz)$/.test(entry.name))), WHOLE)

if (over > 0) {
  console.error(`${over} budgets are passed. Load less, or change the budget with a reason.`)
  process.exit(1)
}
