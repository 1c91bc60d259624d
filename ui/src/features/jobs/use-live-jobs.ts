/** The board's own stream: numbers at every change, and which jobs to read again. */
import { useEffect, useRef, useState } from 'react'
import { q, queryClient } from '@/api/queries'
import type { JobChanges } from '@/api/types'
import { follow } from '@/lib/sse'

export type Line = 'live' | 'reconnecting' | 'paused'

/** Lists are read again at most this often. */
const RELOAD_MS = 1000

/** While `paused` the numbers go on and the list stands still. */
export function useLiveJobs(paused: boolean): Line {
  const [lost, setLost] = useState(false)
  const held = useRef(paused)
  const missed = useRef(false)

  useEffect(() => {
    held.current = paused
    if (!paused && missed.current) {
      missed.current = false
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
    void follow({
      url: '/api/jobs/events',
      signal: abort.signal,
      onLine: (line) => setLost(line === 'lost'),
      onEvent: ({ name, data }) => {
        if (name !== 'jobs') return undefined
        const { changed, more, stats } = JSON.parse(data) as JobChanges
        queryClient.setQueryData(q.jobStats.queryKey, stats)
        if (changed.length === 0 && !more) return undefined
        for (const id of changed) void queryClient.invalidateQueries({ queryKey: q.job(id).queryKey })
        if (held.current) missed.current = true
        else timer ??= setTimeout(reload, RELOAD_MS)
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
