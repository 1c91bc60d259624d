import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CalendarClock, Play } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiError, errorMessage } from '@/api/client'
import { jobs as jobMutations } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Schedule } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'
import { toast } from '@/components/ui/toast'
import { formatDateTime, timeAgo, timeUntil } from '@/lib/time'
import { useAsyncAction } from '@/lib/use-async-action'
import { useNow } from '@/lib/use-now'
import { kindLabel } from './job-state'

/** The schedules of recurring jobs. For admins. */
export function Schedules() {
  const list = useQuery({ ...queries.schedules, refetchInterval: 5000 })
  return (
    <Card className="overflow-hidden">
      {list.isPending && <SkeletonRows rows={3} />}
      {list.isError && !list.data && (
        <LoadError what="The schedules" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data?.items.length === 0 && (
        <EmptyState icon={<CalendarClock aria-hidden />} title="No schedules" />
      )}
      <ul className="divide-y">
        {list.data?.items.map((schedule) => (
          <Row key={schedule.name} schedule={schedule} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ schedule }: { schedule: Schedule }) {
  const now = useNow(1000)
  const [editing, setEditing] = useState(false)
  const { busy, runAction } = useAsyncAction()
  const run = () =>
    runAction(
      async () => {
        await jobMutations.runSchedule(schedule.name)
        toast.success(`${schedule.name} runs now`)
      },
      (error) => toast.error(`${schedule.name} was not run`, error),
    )
  const toggle = (enabled: boolean) =>
    jobMutations
      .changeSchedule(schedule.name, { enabled })
      .catch((error: unknown) => toast.error(`${schedule.name} was not changed`, error))
  return (
    <li className="flex flex-wrap items-center gap-x-5 gap-y-3 px-5 py-3.5">
      <div className="min-w-0 flex-1 basis-64">
        <Switch
          label={kindLabel(schedule.kind)}
          checked={schedule.enabled}
          onChange={toggle}
          hint={
            <span className="tnum">
              <span className="font-mono">{schedule.cron}</span>
              {schedule.enabled && schedule.nextDue && ` · next ${timeUntil(schedule.nextDue, now)}`}
              {schedule.lastRun && (
                <>
                  {' · last '}
                  <span title={formatDateTime(schedule.lastRun)}>{timeAgo(schedule.lastRun, now)}</span>
                </>
              )}
              {schedule.lastState && `, ${schedule.lastState}`}
            </span>
          }
        />
      </div>
      {schedule.lastJob && (
        <Link
          to="/jobs/$id"
          params={{ id: schedule.lastJob }}
          search={{}}
          className="text-xs font-medium text-accent hover:underline"
        >
          Last job
        </Link>
      )}
      <Button
        size="md"
        aria-label={`Change when ${kindLabel(schedule.kind)} runs`}
        onClick={() => setEditing(true)}
      >
        Change
      </Button>
      <Button size="md" busy={busy} aria-label={`Run now: ${kindLabel(schedule.kind)}`} onClick={run}>
        <Play aria-hidden />
        Run now
      </Button>
      {editing && <Editor schedule={schedule} onClose={() => setEditing(false)} />}
    </li>
  )
}

function Editor({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const [cron, setCron] = useState(schedule.cron)
  const { busy, errorText, runAction, setErrorText } = useAsyncAction()
  const save = (event: FormEvent) => {
    event.preventDefault()
    return runAction(
      async () => {
        await jobMutations.changeSchedule(schedule.name, { cron: cron.trim() })
        toast.success('Schedule changed')
        onClose()
      },
      (error) =>
        setErrorText(
          (error instanceof ApiError && error.problem.errors?.[0]?.message) || errorMessage(error),
        ),
    )
  }
  return (
    <Dialog open onClose={onClose} title={`Schedule: ${kindLabel(schedule.kind)}`}>
      <form onSubmit={save} className="flex flex-col gap-4">
        <Field
          label="Cron expression"
          error={errorText ?? undefined}
          hint="Minute, hour, day of month, month, day of week; in UTC."
        >
          {(controlProps) => (
            <Input
              {...controlProps}
              spellCheck={false}
              className="font-mono"
              value={cron}
              onChange={(event) => setCron(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={cron.trim() === schedule.cron}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
