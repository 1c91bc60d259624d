import type { JobAttempt, JobDetail } from '@/api/types'
import { cn } from '@/lib/cn'
import { formatDateTime, formatDuration } from '@/lib/time'
import { STATE_STYLES } from './job-state'

const OUTCOME_LABELS: Record<string, string> = {
  done: 'succeeded',
  retry: 'failed, will be retried',
  failed: 'failed',
  fail: 'failed',
  give_up: 'gave up',
  cancelled: 'was cancelled',
  lost: 'lost its worker',
  snooze: 'was deferred',
}

/** Every attempt with its error, newest first. */
export function Attempts({ job }: { job: JobDetail }) {
  const attempts = [...job.attempts].sort((a, b) => b.attempt - a.attempt)
  return (
    <section aria-label="Attempts">
      <h3 className="text-sm font-medium">Attempts</h3>
      {attempts.length === 0 && (
        <p className="mt-1.5 text-sm text-muted">
          {job.state === 'running' ? 'The first attempt is running.' : 'Not tried yet.'}
        </p>
      )}
      <ol className="mt-2.5 flex flex-col">
        {attempts.map((attempt, at) => (
          <Entry
            key={`${attempt.attempt} ${attempt.startedAt}`}
            attempt={attempt}
            last={at === attempts.length - 1}
          />
        ))}
      </ol>
    </section>
  )
}

function Entry({ attempt, last }: { attempt: JobAttempt; last: boolean }) {
  const succeeded = attempt.outcome === 'done'
  const tookMs = attempt.finishedAt
    ? new Date(attempt.finishedAt).getTime() - new Date(attempt.startedAt).getTime()
    : null
  return (
    <li className="flex gap-3">
      <div aria-hidden className="flex w-3 flex-col items-center pt-1.5">
        <span
          className={cn(
            'size-2.5 shrink-0 rounded-full',
            succeeded ? 'bg-ok' : attempt.error ? 'bg-bad' : 'bg-control',
          )}
        />
        {!last && <span className="mt-1 w-px flex-1 bg-line-strong" />}
      </div>
      <div className="min-w-0 flex-1 pb-4">
        <div className="flex flex-wrap justify-between gap-x-4 text-sm">
          <p className="font-medium">
            Attempt {attempt.attempt}{' '}
            {OUTCOME_LABELS[attempt.outcome] ??
              STATE_STYLES[attempt.outcome as keyof typeof STATE_STYLES]?.label.toLowerCase() ??
              attempt.outcome}
          </p>
          <p className="tnum text-xs leading-5 text-muted">
            {formatDateTime(attempt.startedAt)}
            {tookMs !== null && ` · ${formatDuration(tookMs)}`}
          </p>
        </div>
        {attempt.worker && (
          <p className="truncate text-xs text-muted">
            on <span className="font-mono">{attempt.worker}</span>
          </p>
        )}
        {attempt.error && (
          <pre
            tabIndex={0}
            className="hairline mt-2 max-h-48 overflow-auto rounded-panel border border-bad-line bg-bad-soft px-3 py-2.5 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
          >
            {attempt.error}
          </pre>
        )}
      </div>
    </li>
  )
}
