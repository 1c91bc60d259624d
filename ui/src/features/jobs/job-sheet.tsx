import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { isStatus } from '@/api/client'
import { jobs as jobMutations } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { BulkResult, JobDetail } from '@/api/types'
import { Button } from '@/components/ui/button'
import { DescriptionList } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { Alert, EmptyState, LoadError, Skeleton } from '@/components/ui/feedback'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { formatDateTime, formatDuration } from '@/lib/time'
import { Attempts } from './attempts'
import { canCancel, canRetry, kindLabel, StateBadge } from './job-state'
import { useOwnerName } from './job-table'
import { Waterfall } from './waterfall'

const route = getRouteApi('/_app/jobs/$id')

/** The details of one job, over the list. */
export function JobSheet() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const job = useQuery({
    ...queries.job(id),
    refetchInterval: ({ state }) => (state.data && canCancel(state.data) ? 1500 : false),
  })
  const close = () => navigate({ to: '/jobs', search, replace: true })
  return (
    <Sheet
      open
      onClose={close}
      title={job.data ? kindLabel(job.data.kind) : 'Job'}
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
        <EmptyState title="This job no longer exists">
          Finished jobs are removed from the history after a while, or it belongs to another user.
        </EmptyState>
      )}
      {job.isError && !job.data && !isStatus(job.error, 404) && (
        <LoadError what="The job" error={job.error} onRetry={() => job.refetch()} />
      )}
      {job.data && <Body job={job.data} />}
    </Sheet>
  )
}

function Body({ job }: { job: JobDetail }) {
  const { data: me } = useQuery(queries.me)
  const owner = useOwnerName(me?.role === 'admin' ? job.owner : undefined)
  return (
    <div className="flex flex-col gap-6 px-5 py-5">
      <div className="flex flex-wrap items-center gap-2.5">
        <StateBadge job={job} />
        {typeof job.progress === 'number' && job.state === 'running' && (
          <span className="tnum text-sm text-muted">{job.progress} %</span>
        )}
      </div>
      {job.waits && (
        <Alert tone="info" title="Why it is waiting">
          {job.waits.sentence}
        </Alert>
      )}
      <DescriptionList
        items={[
          ['Id', <Id key="id" id={job.id} />],
          ...(owner ? ([['Owner', owner]] as [string, string][]) : []),
          [
            'Kind',
            <span key="kind" className="font-mono text-xs">
              {job.kind}
            </span>,
          ],
          ['Lane', job.lane],
          ['Attempts', `${job.attempt} of ${job.maxAttempts}`],
          ['Created', formatDateTime(job.createdAt)],
          ['Scheduled for', formatDateTime(job.dueAt)],
          ['Started', job.startedAt ? formatDateTime(job.startedAt) : 'Not yet'],
          ['Finished', job.finishedAt ? formatDateTime(job.finishedAt) : 'Not yet'],
          ...(job.startedAt && job.finishedAt
            ? ([
                [
                  'Took',
                  formatDuration(new Date(job.finishedAt).getTime() - new Date(job.startedAt).getTime()),
                ],
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
  const run = async (
    name: string,
    action: (selection: { ids: string[] }) => Promise<BulkResult>,
    successTitle: string,
  ) => {
    setBusy(name)
    try {
      const { changed } = await action({ ids: [job.id] })
      if (changed > 0) toast.success(successTitle)
      else toast.error('The job changed in the meantime, so nothing was done. Check its state.')
    } catch (error) {
      toast.error('It did not work', error)
    } finally {
      setBusy(null)
    }
  }
  return (
    <>
      <Button
        variant="primary"
        disabled={!canRetry(job)}
        busy={busy === 'retry'}
        onClick={() => run('retry', jobMutations.retry, 'Job retried')}
      >
        Retry now
      </Button>
      <Button
        variant="danger"
        disabled={!canCancel(job)}
        busy={busy === 'cancel'}
        onClick={() => run('cancel', jobMutations.cancel, 'Job cancelled')}
      >
        Cancel job
      </Button>
    </>
  )
}
