import { type QueryKey, type UseQueryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { queryClient } from '@/api/queries'
import type { Enqueued, JobDetail } from '@/api/types'
import { isOver, useJob } from './use-job'

/** The stored outcome of the last run, `null` before the first. */
type LastRun = { jobId: string; state: string } | null

interface CurrentJob {
  start: () => Promise<void>
  /** The job was started here or elsewhere and is not over. */
  running: boolean
  /** The job is being enqueued, or is running. */
  busy: boolean
  job: JobDetail | undefined
}

/**
 * A job that a button starts, and the outcome of its last run. The job is polled until it is over, then the outcome is
 * read again. `onStartError` is called when the job could not be enqueued.
 */
export function useLastJob<R extends LastRun, K extends QueryKey>(
  lastRunQuery: UseQueryOptions<R, Error, R, K>,
  enqueue: () => Promise<Enqueued>,
  onStartError: (error: unknown) => void,
) {
  const last = useQuery(lastRunQuery)
  const [startedId, setStartedId] = useState<string | null>(null)
  const [enqueuing, setEnqueuing] = useState(false)
  const currentId = last.data?.state === 'running' ? last.data.jobId : startedId
  const job = useJob(currentId)
  const over = job !== undefined && isOver(job)
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only when the job ends
  useEffect(() => {
    if (!over) return
    setStartedId(null)
    void queryClient.invalidateQueries({ queryKey: lastRunQuery.queryKey })
  }, [over])
  const start = async () => {
    setEnqueuing(true)
    try {
      setStartedId((await enqueue()).jobId)
    } catch (error) {
      onStartError(error)
    } finally {
      setEnqueuing(false)
    }
  }
  const running = currentId !== null && !over
  const current: CurrentJob = { start, running, busy: enqueuing || running, job }
  return [last, current] as const
}
