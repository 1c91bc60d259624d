import { Ban, CircleCheck, CircleDashed, CircleX, LoaderCircle, Skull } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Job, JobState } from '@/api/types'
import { Badge, type Tone } from '@/components/ui/feedback'

interface StateStyle {
  label: string
  tone: Tone
  Icon: ComponentType<{ 'aria-hidden': true; className?: string }>
  color: string
}

export const STATE_STYLES: Record<JobState, StateStyle> = {
  queued: { label: 'Queued', tone: 'neutral', Icon: CircleDashed, color: 'text-muted' },
  running: { label: 'Running', tone: 'accent', Icon: LoaderCircle, color: 'text-accent' },
  done: { label: 'Done', tone: 'ok', Icon: CircleCheck, color: 'text-ok' },
  failed: { label: 'Failed', tone: 'bad', Icon: CircleX, color: 'text-bad' },
  dead: { label: 'Gave up', tone: 'bad', Icon: Skull, color: 'text-bad' },
  cancelled: { label: 'Cancelled', tone: 'neutral', Icon: Ban, color: 'text-muted' },
}

export function StateBadge({ job }: { job: Job }) {
  const { label, tone, Icon } = STATE_STYLES[job.state]
  const retrying = job.state === 'queued' && job.attempt > 0
  const stopping = job.state === 'running' && Boolean(job.cancelRequestedAt)
  return (
    <Badge tone={retrying ? 'warn' : tone}>
      <Icon aria-hidden className={job.state === 'running' ? 'animate-spin' : undefined} />
      {retrying ? 'Waiting to retry' : stopping ? 'Ending' : label}
    </Badge>
  )
}

const KIND_LABELS: Record<string, string> = {
  'start-container': 'Start a container',
  'stop-container': 'Stop a container',
  'restart-container': 'Restart a container',
  'apply-config': 'Apply changed settings',
  'test-provider': 'Test a provider',
  'reap-idle': 'Put idle containers to sleep',
  'sweep-containers': 'Check containers',
  'prune-jobs': 'Clear old jobs',
  'rotate-keys': 'Rotate keys',
  'self-test': 'Test the isolation',
  'measure-containers': 'Measure containers',
  'warm-up': 'Prewarm a container',
  'export-data': 'Export a user’s data',
  'prune-exports': 'Clear old exports',
  'delete-user': 'Delete an account',
  embed: 'Index new texts',
  'embed-pending': 'Index remaining texts',
  'prune-knowledge': 'Clear expired knowledge',
  'prune-sessions': 'Clear old sessions',
  'ingest-session-log': 'Archive a conversation',
  'sweep-session-logs': 'Look for new conversations',
}

export function kindLabel(kind: string): string {
  return KIND_LABELS[kind] ?? kind
}

export const KIND_OPTIONS = Object.entries(KIND_LABELS)

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
