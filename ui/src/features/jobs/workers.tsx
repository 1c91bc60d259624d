import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import { queries } from '@/api/queries'
import type { Worker } from '@/api/types'
import { Card } from '@/components/ui/card'
import { Badge, EmptyState, LoadError, SkeletonRows, type Tone } from '@/components/ui/feedback'
import { cn } from '@/lib/cn'
import { timeAgo } from '@/lib/time'
import { useNow } from '@/lib/use-now'

const STATE_STYLES: Record<Worker['state'], { tone: Tone; word: string }> = {
  alive: { tone: 'ok', word: 'Alive' },
  stopped: { tone: 'neutral', word: 'Stopped' },
  silent: { tone: 'bad', word: 'Silent' },
}
/** A lane with more slots has no bar. */
const MAX_DRAWN_SLOTS = 16

/** The workers and their load. For admins. */
export function Workers() {
  const list = useQuery({ ...queries.workers, refetchInterval: 3000 })
  const now = useNow(1000)
  return (
    <Card className="overflow-hidden">
      {list.isPending && <SkeletonRows rows={2} />}
      {list.isError && !list.data && (
        <LoadError what="The workers" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data?.items.length === 0 && (
        <EmptyState icon={<Server aria-hidden />} title="No workers yet">
          Jobs wait until one runs. Start it with mosaic worker on the server.
        </EmptyState>
      )}
      <ul className="divide-y">
        {list.data?.items.map((worker) => (
          <li key={worker.id} className="flex flex-wrap items-start gap-x-8 gap-y-3 px-5 py-4">
            <div className="min-w-0 flex-1 basis-56">
              <p className="flex flex-wrap items-center gap-2 font-medium">
                <span className="truncate font-mono text-sm">
                  {worker.host}:{worker.pid}
                </span>
                <Badge tone={STATE_STYLES[worker.state].tone}>{STATE_STYLES[worker.state].word}</Badge>
              </p>
              <p className="tnum text-xs text-muted">
                Version {worker.version} · started {timeAgo(worker.startedAt, now)} · last heartbeat{' '}
                {timeAgo(worker.lastSeen, now)}
              </p>
            </div>
            <div className="grid flex-1 basis-72 grid-cols-2 gap-x-6 gap-y-3">
              {worker.lanes.map((lane) => (
                <div key={lane.lane}>
                  <p className="flex justify-between text-xs text-muted">
                    {lane.lane}
                    <span className="tnum">
                      {lane.busy} of {lane.slots} busy
                    </span>
                  </p>
                  {lane.slots <= MAX_DRAWN_SLOTS && (
                    <div aria-hidden className="mt-1 flex gap-0.5">
                      {Array.from({ length: lane.slots }, (_, slot) => slot).map((slot) => (
                        <span
                          key={slot}
                          className={cn(
                            'h-1.5 flex-1 rounded-full',
                            slot < lane.busy ? 'bg-accent' : 'bg-surface-3',
                          )}
                        />
                      ))}
                    </div>
                  )}
                </div>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  )
}
