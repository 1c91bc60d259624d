import { useQuery } from '@tanstack/react-query'
import { Download, FileArchive } from 'lucide-react'
import { ownData } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Export, JobDetail } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Progress } from '@/components/ui/progress'
import { toast } from '@/components/ui/toast'
import { formatBytes } from '@/lib/bytes'
import { saveFile } from '@/lib/save-file'
import { formatDateTime, timeAgo } from '@/lib/time'
import { useAsyncAction } from '@/lib/use-async-action'
import { useLastJob } from '@/lib/use-last-job'

/** All data of the user in one archive, created by a job. */
export function ExportCard() {
  const [last, { start, running, busy, job }] = useLastJob(queries.export, ownData.export, (error) =>
    toast.error('The export was not started', error),
  )
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
          {running && <ExportProgress job={job} />}
          {!running && last.data?.state === 'ready' && <ReadyArchive archive={last.data} />}
          {!running && last.data?.state === 'failed' && (
            <Alert title="The export failed">{last.data.detail ?? 'Start it again.'}</Alert>
          )}
          <div>
            <Button
              variant={last.data?.state === 'ready' ? 'secondary' : 'primary'}
              busy={busy}
              onClick={start}
            >
              {last.data && !running ? 'Make a new export' : 'Make an export'}
            </Button>
          </div>
        </div>
      )}
    </Card>
  )
}

function ExportProgress({ job }: { job: JobDetail | undefined }) {
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="text-sm">
        {job?.state === 'queued' ? (job.waits?.sentence ?? 'Waiting for its turn') : 'Collecting your data'}
      </p>
      <Progress label="Export" value={job?.progress ? job.progress / 100 : null} />
      <p className="text-xs text-muted">You can leave this page. The archive will be here.</p>
    </div>
  )
}

/**
 * A plain link. A tab that acts for another account fetches the archive itself, since a link would not send the account
 * header.
 */
function DownloadButton() {
  const { data: me } = useQuery(queries.me)
  const { busy, runAction } = useAsyncAction()
  if (!me?.keptBy)
    return (
      <a href="/api/me/export/download" download className={buttonClass('primary')}>
        <Download aria-hidden />
        Download
      </a>
    )
  const download = () =>
    runAction(
      async () => saveFile(await ownData.downloadArchive(), 'mosaic-export.tar.gz'),
      (error) => toast.error('The archive was not downloaded', error),
    )
  return (
    <Button variant="primary" busy={busy} onClick={download}>
      <Download aria-hidden />
      Download
    </Button>
  )
}

function ReadyArchive({ archive }: { archive: Export }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-panel border px-4 py-3.5">
      <FileArchive aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium">
          Your data{archive.sizeBytes != null && `, ${formatBytes(archive.sizeBytes)}`}
        </p>
        <p className="text-xs text-muted">
          Created {timeAgo(archive.createdAt)}
          {archive.expiresAt && ` · expires ${formatDateTime(archive.expiresAt)}`}
        </p>
      </div>
      <DownloadButton />
    </div>
  )
}
