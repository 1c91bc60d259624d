/** The event stream of the jobs page: statistics with every change, and which jobs to read again. */
import { useEffect, useRef, useState } from 'react'
import { queries, queryClient } from '@/api/queries'
import type { JobChanges } from '@/api/types'
import { followEvents } from '@/lib/sse'

export type ConnectionState = 'live' | 'reconnecting' | 'paused'

/** The list is read again at most this often. */
const RELOAD_INTERVAL_MS = 1000

/** While `paused`, the statistics are updated and the list is not. */
export function useLiveJobs(paused: boolean): ConnectionState {
  const [lost, setLost] = useState(false)
  const isPaused = useRef(paused)
  const missedChanges = useRef(false)

  useEffect(() => {
    isPaused.current = paused
    if (!paused && missedChanges.current) {
      missedChanges.current = false
      void queryClient.invalidateQueries({ queryKey: ['jobs', 'list'] })
    }
  }, [paused])

  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const reload = () => {
      timer = undefined
      void queryClient.invalidateQueries({ queryKey: ['jobs', 'list'] })
    }
    void followEvents({
      url: '/api/jobs/events',
      signal: abort.signal,
      onConnectionChange: (state) => setLost(state === 'lost'),
      onEvent: ({ name, data }) => {
        if (name !== 'jobs') return undefined
        const { changed, more, stats } = JSON.parse(data) as JobChanges
        queryClient.setQueryData(queries.jobStats.queryKey, stats)
        if (changed.length === 0 && !more) return undefined
        for (const id of changed) void queryClient.invalidateQueries({ queryKey: queries.job(id).queryKey })
        if (isPaused.current) missedChanges.current = true
        else timer ??= setTimeout(reload, RELOAD_INTERVAL_MS)
        return undefined
      },
    })
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [])

  if (lost) return 'reconnecting'
  return paused ? 'paused' : 'live'
}
