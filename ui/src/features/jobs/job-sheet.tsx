import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { isStatus } from '@/api/client'
import { jobs as write } from '@/api/mutations'
import { q } from '@/api/queries'
import type { Acted, JobDetail } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Facts } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { Alert, Empty, LoadError, Skeleton } from '@/components/ui/feedback'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { dateTime, duration } from '@/lib/time'
import { Attempts } from './attempts'
import { useOwner } from './job-table'
import { canCancel, canRetry, kindName, StateBadge } from './state'
import { Waterfall } from './waterfall'

const route = getRouteApi('/_app/jobs/$id')

/** One job in full, over the list. */
export function JobSheet() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const job = useQuery({
    ...q.job(id),
    refetchInterval: ({ state }) => (state.data && canCancel(state.data) ? 1500 : false),
  })
  const close = () => navigate({ to: '/jobs', search, replace: true })
  return (
    <Sheet
      open
      onClose={close}
      title={job.data ? kindName(job.data.kind) : 'Job'}
      footer={job.data && <Actions job={job.data} />}
    >
      {job.isPending && (
        <div role="status" className="flex flex-col gap-3 px-5 py-5">
          <span className="sr-only">Loading the job</span>
          <Skeleton className="h-6 w-40" />
          <Skeleton className="h-28 w-full" />
          <Skeleton className="h-20 w-full" />
        </div>
      )}
      {job.isError && !job.data && isStatus(job.error, 404) && (
        <Empty title="This job is not there any more">
          Finished jobs leave the history after a while, or it is somebody else's.
        </Empty>
      )}
      {job.isError && !job.data && !isStatus(job.error, 404) && (
        <LoadError what="The job" error={job.error} onRetry={() => job.refetch()} />
      )}
      {job.data && <Body job={job.data} />}
    </Sheet>
  )
}

function Body({ job }: { job: JobDetail }) {
  const { data: me } = useQuery(q.me)
  const owner = useOwner(me?.role === 'admin' ? job.owner : undefined)
  return (
    <div className="flex flex-col gap-6 px-5 py-5">
      <div className="flex flex-wrap items-center gap-2.5">
        <StateBadge job={job} />
        {typeof job.progress === 'number' && job.state === 'running' && (
          <span className="tnum text-sm text-muted">{job.progress} %</span>
        )}
      </div>
      {job.waits && (
        <Alert tone="info" title="Why it waits">
          {job.waits.sentence}
        </Alert>
      )}
      <Facts
        items={[
          ['Id', <Id key="id" id={job.id} />],
          ...(owner ? ([['Whose', owner]] as [string, string][]) : []),
          [
            'Kind',
            <span key="kind" className="font-mono text-xs">
              {job.kind}
            </span>,
          ],
          ['Lane', job.lane],
          ['Attempts', `${job.attempt} of ${job.maxAttempts}`],
          ['Created', dateTime(job.createdAt)],
          ['Due', dateTime(job.dueAt)],
          ['Begun', job.startedAt ? dateTime(job.startedAt) : 'Not yet'],
          ['Finished', job.finishedAt ? dateTime(job.finishedAt) : 'Not yet'],
          ...(job.startedAt && job.finishedAt
            ? ([
                ['Took', duration(new Date(job.finishedAt).getTime() - new Date(job.startedAt).getTime())],
              ] as [string, string][])
            : []),
        ]}
      />
      <Waterfall job={job} />
      <Attempts job={job} />
    </div>
  )
}

function Id({ id }: { id: string }) {
  return (
    <span className="-my-1.5 flex items-center gap-1">
      <span className="min-w-0 truncate font-mono text-xs">{id}</span>
      <CopyButton text={id} name="Copy the id" />
    </span>
  )
}

function Actions({ job }: { job: JobDetail }) {
  const [busy, setBusy] = useState<string | null>(null)
  const run = async (name: string, work: (chosen: { ids: string[] }) => Promise<Acted>, said: string) => {
    setBusy(name)
    try {
      const { changed } = await work({ ids: [job.id] })
      if (changed > 0) toast.done(said)
      else toast.failed('It changed meanwhile, so nothing was done. Look at its state.')
    } catch (error) {
      toast.failed('It did not work', error)
    } finally {
      setBusy(null)
    }
  }
  return (
    <>
      <Button
        look="primary"
        disabled={!canRetry(job)}
        busy={busy === 'retry'}
        onClick={() => run('retry', write.retry, 'Job retried')}
      >
        Retry now
      </Button>
      <Button
        look="danger"
        disabled={!canCancel(job)}
        busy={busy === 'cancel'}
        onClick={() => run('cancel', write.cancel, 'Job cancelled')}
      >
        Cancel job
      </Button>
    </>
  )
}
