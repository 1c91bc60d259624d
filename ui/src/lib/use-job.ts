import { useQuery } from '@tanstack/react-query'
import { q } from '@/api/queries'
import type { JobDetail } from '@/api/types'

const LOOK_MS = 1000

export function isOver(job: JobDetail): boolean {
  return job.state !== 'queued' && job.state !== 'running'
}

/** A job that a page waits for, looked at until it is over. */
export function useJob(id: string | null | undefined): JobDetail | undefined {
  const job = useQuery({
    ...q.job(id ?? ''),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : LOOK_MS),
  })
  return id ? job.data : undefined
}
