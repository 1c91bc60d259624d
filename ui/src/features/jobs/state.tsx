import { Ban, CircleCheck, CircleDashed, CircleX, LoaderCircle, Skull } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Job, JobState } from '@/api/types'
import { Badge, type Tone } from '@/components/ui/feedback'

interface Look {
  word: string
  tone: Tone
  Icon: ComponentType<{ 'aria-hidden': true; className?: string }>
  color: string
}

export const STATES: Record<JobState, Look> = {
  queued: { word: 'Queued', tone: 'neutral', Icon: CircleDashed, color: 'text-muted' },
  running: { word: 'Running', tone: 'accent', Icon: LoaderCircle, color: 'text-accent' },
  done: { word: 'Done', tone: 'ok', Icon: CircleCheck, color: 'text-ok' },
  failed: { word: 'Failed', tone: 'bad', Icon: CircleX, color: 'text-bad' },
  dead: { word: 'Gave up', tone: 'bad', Icon: Skull, color: 'text-bad' },
  cancelled: { word: 'Cancelled', tone: 'neutral', Icon: Ban, color: 'text-muted' },
}

export function StateBadge({ job }: { job: Job }) {
  const { word, tone, Icon } = STATES[job.state]
  const retrying = job.state === 'queued' && job.attempt > 0
  const stopping = job.state === 'running' && Boolean(job.cancelRequestedAt)
  return (
    <Badge tone={retrying ? 'warn' : tone}>
      <Icon aria-hidden className={job.state === 'running' ? 'animate-spin' : undefined} />
      {retrying ? 'Waits to retry' : stopping ? 'Ending' : word}
    </Badge>
  )
}

const KINDS: Record<string, string> = {
  'start-container': 'Start a container',
  'stop-container': 'Stop a container',
  'restart-container': 'Restart a container',
  'apply-config': 'Apply changed settings',
  'test-provider': 'Test a provider',
  'reap-idle': 'Put idle containers to sleep',
  'sweep-containers': 'Look after containers',
  'prune-jobs': 'Clear old jobs',
  'rotate-keys': 'Rotate keys',
  'self-test': 'Test the isolation',
  'measure-containers': 'Measure containers',
  'warm-up': 'Warm a container up',
  'export-data': 'Export somebody’s data',
  'prune-exports': 'Clear old exports',
  'delete-user': 'Delete an account',
  embed: 'Index new texts',
  'embed-pending': 'Index what is left',
  'prune-knowledge': 'Clear expired knowledge',
  'prune-sessions': 'Clear old sessions',
  'ingest-session-log': 'Archive a conversation',
  'sweep-session-logs': 'Look for new conversations',
}

/** What a kind of job does, in words. */
export function kindName(kind: string): string {
  return KINDS[kind] ?? kind
}

export const KIND_NAMES = Object.entries(KINDS)

export function canRetry(job: Job): boolean {
  return (
    job.state === 'failed' ||
    job.state === 'dead' ||
    job.state === 'cancelled' ||
    (job.state === 'queued' && job.attempt > 0)
  )
}

export function canCancel(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running'
}
