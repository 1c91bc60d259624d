import { useQuery } from '@tanstack/react-query'
import { Download, FileArchive } from 'lucide-react'
import { mine } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Export, JobDetail } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Progress } from '@/components/ui/progress'
import { toast } from '@/components/ui/toast'
import { formatBytes } from '@/lib/bytes'
import { saveFile } from '@/lib/save-file'
import { timeAgo, formatDateTime } from '@/lib/time'
import { useLastJob } from '@/lib/use-last-job'
import { useAsyncAction } from '@/lib/use-async-action'

/** Everything of one person in one archive, made in the background. */
export function ExportCard() {
  const [last, { begin, going, busy, job }] = useLastJob(queries.export, mine.export, 'The export was not started')
  return (
    <Card>
      <CardHeader title="Export">
        Chats as text and JSON, agents, findings, memory, conversations and the files of your container, in
        one archive. Your keys are not in it.
      </CardHeader>
      {last.isPending && <SkeletonRows rows={1} />}
      {last.isError && !last.data && (
        <LoadError what="Exports" error={last.error} onRetry={() => last.refetch()} />
      )}
      {last.data !== undefined && (
        <div className="flex flex-col gap-4 px-5 py-5">
          {going && <Going job={job} />}
          {!going && last.data?.state === 'ready' && <Ready archive={last.data} />}
          {!going && last.data?.state === 'failed' && (
            <Alert title="The export failed">{last.data.detail ?? 'Start it again.'}</Alert>
          )}
          <div>
            <Button variant={last.data?.state === 'ready' ? 'secondary' : 'primary'} busy={busy} onClick={begin}>
              {last.data && !going ? 'Make a new export' : 'Make an export'}
            </Button>
          </div>
        </div>
      )}
    </Card>
  )
}

function Going({ job }: { job: JobDetail | undefined }) {
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="text-sm">
        {job?.state === 'queued'
          ? (job.waits?.sentence ?? 'Waiting for its turn')
          : 'Collecting what is yours'}
      </p>
      <Progress label="Export" value={job?.progress ? job.progress / 100 : null} />
      <p className="text-xs text-muted">You can leave this page. The archive will be here.</p>
    </div>
  )
}

/** A link, which needs no room in this page; where the tab acts for another account, the page fetches it itself. */
function Fetch() {
  const { data: me } = useQuery(queries.me)
  const { busy, runAction } = useAsyncAction()
  if (!me?.keptBy)
    return (
      <a href="/api/me/export/download" download className={buttonClass('primary')}>
        <Download aria-hidden />
        Download
      </a>
    )
  const fetchIt = () =>
    runAction(
      async () => saveFile(await mine.archive(), 'mosaic-export.tar.gz'),
      (error) => toast.error('The archive was not downloaded', error),
    )
  return (
    <Button variant="primary" busy={busy} onClick={fetchIt}>
      <Download aria-hidden />
      Download
    </Button>
  )
}

function Ready({ archive }: { archive: Export }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-panel border px-4 py-3.5">
      <FileArchive aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium">Your data{archive.sizeBytes != null && `, ${formatBytes(archive.sizeBytes)}`}</p>
        <p className="text-xs text-muted">
          Made {timeAgo(archive.createdAt)}
          {archive.expiresAt && ` · kept until ${formatDateTime(archive.expiresAt)}`}
        </p>
      </div>
      <Fetch />
    </div>
  )
}
