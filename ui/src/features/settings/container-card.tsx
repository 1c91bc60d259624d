import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { container } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { Container, CurrentContainer } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, Badge, LoadError, SkeletonRows, type Tone } from '@/components/ui/feedback'
import { followEvents } from '@/lib/sse'
import { formatClockTime, formatDuration } from '@/lib/time'

interface Look {
  tone: Tone
  word: string
  about: string
}
const ABSENT: Look = { tone: 'neutral', word: 'Not made yet', about: 'It is made with your first message.' }
const STATES: Record<string, Look> = {
  stopped: {
    tone: 'neutral',
    word: 'Asleep',
    about: 'It wakes with your next message. What your agents know is kept.',
  },
  paused: {
    tone: 'neutral',
    word: 'Paused',
    about: 'It uses no processor, and goes on at once with your next message.',
  },
  starting: { tone: 'warn', word: 'Starting', about: 'It answers in a few seconds.' },
  ready: { tone: 'ok', word: 'Awake', about: 'It goes to sleep when nobody used it for a while.' },
  failed: { tone: 'bad', word: 'Did not start', about: '' },
}

/** The one container in which all agents of a person live. */
export function ContainerCard() {
  const query = useQuery(queries.container)
  useLive()
  const current = query.data?.container
  const state = lookOf(current)
  return (
    <Card>
      <CardHeader
        title="Where your agents live"
        actions={query.data && <Badge tone={state.tone}>{state.word}</Badge>}
      >
        All your agents share one container that nobody else can enter.
      </CardHeader>
      {query.isPending && <SkeletonRows rows={1} />}
      {query.isError && !query.data && (
        <LoadError what="The state of your container" error={query.error} onRetry={() => query.refetch()} />
      )}
      {query.data && (
        <div className="flex flex-wrap items-center justify-between gap-3 px-5 py-4">
          {current?.failure ? (
            <Alert className="w-full" title={current.failure.title}>
              {current.failure.detail}
            </Alert>
          ) : (
            <p className="text-sm text-muted">
              {current?.reason ?? aboutOf(current)}
              {current && ` Like this since ${formatClockTime(current.stageSince)}.`}
              {current?.takesOver && ' It is taking over your changed settings.'}
              {current?.outdated && ' A newer image is there: restart it to use it.'}
            </p>
          )}
          <Buttons current={current ?? null} />
        </div>
      )}
    </Card>
  )
}

function aboutOf(current: Container | null | undefined): string {
  const idle = current?.idleStopAfterSeconds
  if (current?.observed === 'ready' && idle)
    return `It goes to sleep when nobody used it for ${formatDuration(idle * 1000)}.`
  return lookOf(current).about
}

function lookOf(current: Container | null | undefined): Look {
  return STATES[current?.observed ?? ''] ?? ABSENT
}

function Buttons({ current }: { current: Container | null }) {
  const [busy, setBusy] = useState<string | null>(null)
  const [errorText, setErrorText] = useState<string | null>(null)
  const run = async (name: string, work: () => Promise<unknown>) => {
    setBusy(name)
    setErrorText(null)
    try {
      await work()
    } catch (error) {
      setErrorText(error instanceof Error ? error.message : 'It did not work. Try again.')
    } finally {
      setBusy(null)
    }
  }
  const up =
    (current?.desired === 'running' || current?.desired === 'paused') && current.observed !== 'failed'
  return (
    <div className="flex flex-wrap items-center gap-2">
      {!up && (
        <Button size="md" busy={busy === 'start'} onClick={() => run('start', container.start)}>
          Wake it now
        </Button>
      )}
      {up && (
        <>
          <Button size="md" busy={busy === 'restart'} onClick={() => run('restart', container.restart)}>
            Restart
          </Button>
          <Button size="md" busy={busy === 'stop'} onClick={() => run('stop', container.stop)}>
            Put to sleep
          </Button>
        </>
      )}
      {errorText && <p className="text-sm text-bad">{errorText}</p>}
    </div>
  )
}

/** Every change of the container, as it happens. */
function useLive(): void {
  useEffect(() => {
    const abort = new AbortController()
    void followEvents({
      url: '/api/container/events',
      signal: abort.signal,
      onEvent: ({ data }) => {
        queryClient.setQueryData<CurrentContainer>(queries.container.queryKey, JSON.parse(data) as CurrentContainer)
        return undefined
      },
    })
    return () => abort.abort()
  }, [])
}
