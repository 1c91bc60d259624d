import { type QueryKey, type UseQueryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { queryClient } from '@/api/queries'
import type { Enqueued, JobDetail } from '@/api/types'
import { toast } from '@/components/ui/toast'
import { isOver, useJob } from './use-job'

/** What came of a job that somebody asked for, `null` where nobody did yet. */
type Outcome = { jobId: string; state: string } | null

interface Asked {
  /** Asks for it (again). */
  begin: () => Promise<void>
  /** It was asked for here or elsewhere and is not over. */
  going: boolean
  /** It is being asked for, or goes on. */
  busy: boolean
  job: JobDetail | undefined
}

/** Work that a button asks for: its job is looked at until it is over, then what came of it is read again. */
export function useAskedJob<R extends Outcome, K extends QueryKey>(
  outcome: UseQueryOptions<R, Error, R, K>,
  ask: () => Promise<Enqueued>,
  notStarted: string,
) {
  const last = useQuery(outcome)
  const [asked, setAsked] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const running = last.data?.state === 'running' ? last.data.jobId : asked
  const job = useJob(running)
  const over = job !== undefined && isOver(job)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of the job decides, nothing else
  useEffect(() => {
    if (!over) return
    setAsked(null)
    void queryClient.invalidateQueries({ queryKey: outcome.queryKey })
  }, [over])
  const begin = async () => {
    setAsking(true)
    try {
      setAsked((await ask()).jobId)
    } catch (error) {
      toast.failed(notStarted, error)
    } finally {
      setAsking(false)
    }
  }
  const going = running !== null && !over
  const work: Asked = { begin, going, busy: asking || going, job }
  return [last, work] as const
}
