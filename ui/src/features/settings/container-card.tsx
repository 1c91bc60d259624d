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

interface StateText {
  tone: Tone
  word: string
  about: string
}
const ABSENT_TEXT: StateText = {
  tone: 'neutral',
  word: 'Not created yet',
  about: 'It is created with your first message.',
}
const STATE_TEXTS: Record<string, StateText> = {
  stopped: {
    tone: 'neutral',
    word: 'Asleep',
    about: 'It wakes with your next message. Your agents keep their memory.',
  },
  paused: {
    tone: 'neutral',
    word: 'Paused',
    about: 'It uses no CPU and continues at once with your next message.',
  },
  starting: { tone: 'warn', word: 'Starting', about: 'It answers in a few seconds.' },
  ready: { tone: 'ok', word: 'Awake', about: 'It goes to sleep after a while without use.' },
  failed: { tone: 'bad', word: 'Did not start', about: '' },
}

/** The container of all agents of the user. */
export function ContainerCard() {
  const query = useQuery(queries.container)
  useContainerEvents()
  const current = query.data?.container
  const state = stateTextOf(current)
  return (
    <Card>
      <CardHeader
        title="Your container"
        actions={query.data && <Badge tone={state.tone}>{state.word}</Badge>}
      >
        All your agents share one container that no one else can access.
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
              {current && ` Since ${formatClockTime(current.stageSince)}.`}
              {current?.takesOver && ' It is applying your changed settings.'}
              {current?.outdated && ' A newer image is available: restart to use it.'}
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
    return `It goes to sleep after ${formatDuration(idle * 1000)} without use.`
  return stateTextOf(current).about
}

function stateTextOf(current: Container | null | undefined): StateText {
  return STATE_TEXTS[current?.observed ?? ''] ?? ABSENT_TEXT
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

/** Follows the events of the container. */
function useContainerEvents(): void {
  useEffect(() => {
    const abort = new AbortController()
    void followEvents({
      url: '/api/container/events',
      signal: abort.signal,
      onEvent: ({ data }) => {
        queryClient.setQueryData<CurrentContainer>(
          queries.container.queryKey,
          JSON.parse(data) as CurrentContainer,
        )
        return undefined
      },
    })
    return () => abort.abort()
  }, [])
}
