import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import type { JobDetail } from '@/api/types'

const POLL_INTERVAL_MS = 1000

export function isOver(job: JobDetail): boolean {
  return job.state !== 'queued' && job.state !== 'running'
}

/** Polls a job until it is over. */
export function useJob(id: string | null | undefined): JobDetail | undefined {
  const job = useQuery({
    ...queries.job(id ?? ''),
    enabled: Boolean(id),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : POLL_INTERVAL_MS),
  })
  return id ? job.data : undefined
}
