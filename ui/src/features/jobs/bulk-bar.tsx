import { Ban, RotateCcw, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import { jobs as jobMutations } from '@/api/mutations'
import type { BulkResult, Job } from '@/api/types'
import { Button, IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { toast } from '@/components/ui/toast'
import { canCancel, canRetry } from './job-state'

function jobCount(count: number): string {
  return count === 1 ? '1 job' : `${count} jobs`
}

/** Actions on the selected jobs. */
export function BulkBar({ jobs, onDone }: { jobs: Job[]; onDone: () => void }) {
  const [busy, setBusy] = useState<string | null>(null)
  const [discarding, setDiscarding] = useState(false)
  const retryable = jobs.filter(canRetry)
  const cancellable = jobs.filter(canCancel)
  const finished = jobs.filter((job) => !canCancel(job))
  const run = async (
    name: string,
    chosen: Job[],
    action: (selection: { ids: string[] }) => Promise<BulkResult>,
    participle: string,
  ) => {
    setBusy(name)
    try {
      const { changed } = await action({ ids: chosen.map((job) => job.id) })
      toast.success(`${jobCount(changed)} ${participle}`)
      onDone()
    } catch (error) {
      toast.error(`The jobs were not ${participle}`, error)
      throw error
    } finally {
      setBusy(null)
    }
  }
  // `run` has shown the error already.
  const runQuietly = (action: Promise<void>) => void action.catch(() => {})
  return (
    <div className="flex flex-wrap items-center gap-2 border-b bg-accent-soft p-3">
      <IconButton label="Clear the selection" onClick={onDone}>
        <X aria-hidden />
      </IconButton>
      <p role="status" className="mr-auto text-sm">
        <span className="tnum font-medium">{jobCount(jobs.length)} selected.</span>{' '}
        <span className="text-muted">The list is paused in the meantime.</span>
      </p>
      <Button
        disabled={retryable.length === 0}
        busy={busy === 'retry'}
        onClick={() => runQuietly(run('retry', retryable, jobMutations.retry, 'retried'))}
      >
        <RotateCcw aria-hidden />
        Retry {retryable.length > 0 && retryable.length}
      </Button>
      <Button
        disabled={cancellable.length === 0}
        busy={busy === 'cancel'}
        onClick={() => runQuietly(run('cancel', cancellable, jobMutations.cancel, 'cancelled'))}
      >
        <Ban aria-hidden />
        Cancel {cancellable.length > 0 && cancellable.length}
      </Button>
      <Button variant="danger" disabled={finished.length === 0} onClick={() => setDiscarding(true)}>
        <Trash2 aria-hidden />
        Discard {finished.length > 0 && finished.length}
      </Button>
      <ConfirmDialog
        open={discarding}
        onClose={() => setDiscarding(false)}
        title={`Discard ${jobCount(finished.length)}?`}
        description="They are removed from the history for good. Jobs that are waiting or running are not affected."
        action="Discard"
        onConfirm={() => run('discard', finished, jobMutations.discard, 'discarded')}
      />
    </div>
  )
}
