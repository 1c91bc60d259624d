import { Ban, RotateCcw, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import { jobs as write } from '@/api/mutations'
import type { Acted, Job } from '@/api/types'
import { Button, IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { toast } from '@/components/ui/toast'
import { canCancel, canRetry } from './state'

function jobsWord(count: number): string {
  return count === 1 ? '1 job' : `${count} jobs`
}

/** What can be done with the selected jobs. */
export function BulkBar({ jobs, onDone }: { jobs: Job[]; onDone: () => void }) {
  const [busy, setBusy] = useState<string | null>(null)
  const [discarding, setDiscarding] = useState(false)
  const retry = jobs.filter(canRetry)
  const cancel = jobs.filter(canCancel)
  const over = jobs.filter((job) => !canCancel(job))
  const run = async (
    name: string,
    chosen: Job[],
    work: (chosen: { ids: string[] }) => Promise<Acted>,
    said: string,
  ) => {
    setBusy(name)
    try {
      const { changed } = await work({ ids: chosen.map((job) => job.id) })
      toast.done(`${jobsWord(changed)} ${said}`)
      onDone()
    } catch (error) {
      toast.failed(`The jobs were not ${said}`, error)
      throw error
    } finally {
      setBusy(null)
    }
  }
  const quietly = (work: Promise<void>) => void work.catch(() => {})
  return (
    <div className="flex flex-wrap items-center gap-2 border-b bg-accent-soft p-3">
      <IconButton label="Clear the selection" onClick={onDone}>
        <X aria-hidden />
      </IconButton>
      <p role="status" className="mr-auto text-sm">
        <span className="tnum font-medium">{jobsWord(jobs.length)} selected.</span>{' '}
        <span className="text-muted">The list stands still meanwhile.</span>
      </p>
      <Button
        disabled={retry.length === 0}
        busy={busy === 'retry'}
        onClick={() => quietly(run('retry', retry, write.retry, 'retried'))}
      >
        <RotateCcw aria-hidden />
        Retry {retry.length > 0 && retry.length}
      </Button>
      <Button
        disabled={cancel.length === 0}
        busy={busy === 'cancel'}
        onClick={() => quietly(run('cancel', cancel, write.cancel, 'cancelled'))}
      >
        <Ban aria-hidden />
        Cancel {cancel.length > 0 && cancel.length}
      </Button>
      <Button look="danger" disabled={over.length === 0} onClick={() => setDiscarding(true)}>
        <Trash2 aria-hidden />
        Discard {over.length > 0 && over.length}
      </Button>
      <ConfirmDialog
        open={discarding}
        onClose={() => setDiscarding(false)}
        title={`Discard ${jobsWord(over.length)}?`}
        description="They leave the history for good. Jobs that still wait or run are left alone."
        action="Discard"
        onConfirm={() => run('discard', over, write.discard, 'discarded')}
      />
    </div>
  )
}
