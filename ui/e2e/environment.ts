import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const WORK = join(import.meta.dirname, '../test-results/.run')

/** Where the signed-in state of the admin is kept between tests. */
export const AUTH = join(WORK, 'admin.json')
const FACTS = join(WORK, 'facts.json')

export interface Facts {
  /** Where the UI is served. */
  url: string
  /** The stand-in for a provider, as the server and its containers reach it. */
  llm: string
  setupToken: string
  username: string
  password: string
}

export const FOLDER = WORK
export const FACTS_FILE = FACTS

/** What `start.ts` found out. */
export function facts(): Facts {
  if (!existsSync(FACTS))
    throw new Error('the tests are started by playwright, which starts the server first')
  return JSON.parse(readFileSync(FACTS, 'utf8')) as Facts
}
