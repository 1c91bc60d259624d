import { JOB_STATES, type JobFilter, type JobState } from '@/api/types'
import { textParam } from '@/lib/search-params'

export type View = 'lanes' | 'workers' | 'schedules'

/** The search parameters of the jobs page. */
export interface JobSearch {
  state?: JobState
  kind?: string
  lane?: string
  q?: string
  view?: View
}

const VIEWS: View[] = ['lanes', 'workers', 'schedules']

/** Invalid values are left out. */
export function parseSearch(search: Record<string, unknown>): JobSearch {
  return {
    state: JOB_STATES.find((state) => state === search.state),
    kind: textParam(search.kind),
    lane: textParam(search.lane),
    q: textParam(search.q),
    view: VIEWS.find((view) => view === search.view),
  }
}

export function filterOf({ state, kind, lane, q }: JobSearch): JobFilter {
  return { state, kind, lane, q }
}

export function isFiltered(search: JobSearch): boolean {
  return Object.values(filterOf(search)).some((value) => value !== undefined)
}
