import { useQuery } from '@tanstack/react-query'
import { Pause, Play } from 'lucide-react'
import { useState } from 'react'
import { jobs as jobMutations } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Lane } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Badge, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { formatNumber, timeAgo } from '@/lib/time'
import { useAsyncAction } from '@/lib/use-async-action'

/** The lanes of the queue, with pause and concurrency limit. For admins. */
export function Lanes() {
  const list = useQuery({ ...queries.lanes, refetchInterval: 3000 })
  return (
    <Card className="overflow-hidden">
      {list.isPending && <SkeletonRows rows={4} />}
      {list.isError && !list.data && (
        <LoadError what="The lanes" error={list.error} onRetry={() => list.refetch()} />
      )}
      <ul className="divide-y">
        {list.data?.items.map((lane) => (
          <Row key={lane.name} lane={lane} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ lane }: { lane: Lane }) {
  const { busy, runAction } = useAsyncAction()
  const paused = Boolean(lane.pausedAt)
  const toggle = () =>
    runAction(
      async () => {
        await (paused ? jobMutations.resumeLane(lane.name) : jobMutations.pauseLane(lane.name))
        toast.success(paused ? `Lane ${lane.name} resumed` : `Lane ${lane.name} paused`)
      },
      (error) => toast.error(`Lane ${lane.name} was not changed`, error),
    )
  return (
    <li className="flex flex-wrap items-center gap-x-5 gap-y-3 px-5 py-3.5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex items-center gap-2 font-medium">
          {lane.name}
          {paused && <Badge tone="warn">Paused {timeAgo(lane.pausedAt ?? '')}</Badge>}
        </p>
        <p className="tnum text-xs text-muted">
          {formatNumber(lane.running)} of {formatNumber(lane.slots)} slots busy · {formatNumber(lane.ready)}{' '}
          ready · {formatNumber(lane.later)} scheduled
          {lane.oldestDue && lane.ready > 0 && ` · oldest due ${timeAgo(lane.oldestDue)}`}
        </p>
      </div>
      <Limit lane={lane} />
      <Button
        size="md"
        busy={busy}
        aria-label={`${paused ? 'Resume' : 'Pause'} lane ${lane.name}`}
        onClick={toggle}
      >
        {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
        {paused ? 'Resume' : 'Pause'}
      </Button>
    </li>
  )
}

function Limit({ lane }: { lane: Lane }) {
  const [text, setText] = useState<string | null>(null)
  const shown = text ?? String(lane.concurrency ?? '')
  const save = async () => {
    if (text === null) return
    try {
      await jobMutations.limitLane(lane.name, text === '' ? null : Number(text))
      toast.success(`Limit of lane ${lane.name} changed`)
    } catch (error) {
      toast.error('The limit was not changed', error)
    } finally {
      setText(null)
    }
  }
  return (
    <label className="flex items-center gap-2 text-xs text-muted">
      Limit
      <Input
        type="number"
        min={0}
        aria-label={`Concurrency limit of lane ${lane.name}`}
        placeholder="None"
        className="tnum h-8 w-20 text-sm"
        value={shown}
        onChange={(event) => setText(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
    </label>
  )
}
