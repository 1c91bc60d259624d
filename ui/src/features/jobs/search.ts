import { JOB_STATES, type JobFilter, type JobState } from '@/api/types'

export type View = 'lanes' | 'workers' | 'schedules'

/** What the address says of the board. */
export interface JobSearch {
  state?: JobState
  kind?: string
  lane?: string
  q?: string
  view?: View
}

const VIEWS: View[] = ['lanes', 'workers', 'schedules']
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** Reads it from the address; what makes no sense is left out. */
export function parseSearch(search: Record<string, unknown>): JobSearch {
  return {
    state: JOB_STATES.find((state) => state === search.state),
    kind: text(search.kind),
    lane: text(search.lane),
    q: text(search.q),
    view: VIEWS.find((view) => view === search.view),
  }
}

export function filterOf({ state, kind, lane, q }: JobSearch): JobFilter {
  return { state, kind, lane, q }
}

export function isFiltered(search: JobSearch): boolean {
  return Object.values(filterOf(search)).some((value) => value !== undefined)
}
