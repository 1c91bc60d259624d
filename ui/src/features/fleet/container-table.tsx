import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  Ellipsis,
  LoaderCircle,
  Moon,
  Pause,
  RotateCcw,
} from 'lucide-react'
import { type ComponentType, useState } from 'react'
import { fleet } from '@/api/mutations'
import type { FleetContainer } from '@/api/types'
import { IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Badge, type Tone } from '@/components/ui/feedback'
import { Menu, MenuItem } from '@/components/ui/menu'
import { HeadRow } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { bytes } from '@/lib/bytes'
import { ago, dateTime, duration } from '@/lib/time'

interface Look {
  word: string
  tone: Tone
  Icon: ComponentType<{ 'aria-hidden': true; className?: string }>
}
const STATES: Record<string, Look> = {
  absent: { word: 'Not made', tone: 'neutral', Icon: CircleDashed },
  stopped: { word: 'Asleep', tone: 'neutral', Icon: Moon },
  paused: { word: 'Paused', tone: 'neutral', Icon: Pause },
  starting: { word: 'Starting', tone: 'accent', Icon: LoaderCircle },
  ready: { word: 'Awake', tone: 'ok', Icon: CircleCheck },
  failed: { word: 'Failed', tone: 'bad', Icon: CircleAlert },
}

/** What is wanted and not there yet shows in the word. */
export function lookOf({ state, desired }: Pick<FleetContainer, 'desired'> & { state: string }): Look {
  const look = STATES[state] ?? { word: state, tone: 'neutral', Icon: CircleDashed }
  const up = state === 'ready' || state === 'starting' || state === 'paused'
  return desired === 'stopped' && up ? { ...look, word: 'Stopping', tone: 'warn', Icon: LoaderCircle } : look
}

export function ContainerTable({ items }: { items: FleetContainer[] }) {
  const [stopping, setStopping] = useState<FleetContainer | null>(null)
  return (
    <>
      <table aria-label="Containers" className="w-full text-sm">
        <thead>
          <HeadRow>
            <th scope="col" className="pl-5!">
              User
            </th>
            <th scope="col" className="max-sm:hidden">
              State
            </th>
            <th scope="col" className="max-md:hidden">
              Idle for
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              Memory
            </th>
            <th scope="col" className="max-lg:hidden">
              Image
            </th>
            <th scope="col" className="text-right max-lg:hidden">
              Restarts
            </th>
            <th scope="col" className="w-14">
              <span className="sr-only">Actions</span>
            </th>
          </HeadRow>
        </thead>
        <tbody className="divide-y">
          {items.map((item) => (
            <Row key={item.id} item={item} onStop={() => setStopping(item)} />
          ))}
        </tbody>
      </table>
      <ConfirmDialog
        open={stopping !== null}
        onClose={() => setStopping(null)}
        title={`Stop the container of ${stopping?.user.username ?? 'this user'}?`}
        description="A running answer is interrupted. What the agents know is kept, and the next message starts it again."
        action="Stop container"
        onConfirm={async () => {
          if (stopping) await act(fleet.stop(stopping.id), 'Container stops')
        }}
      />
    </>
  )
}

async function act(work: Promise<unknown>, said: string): Promise<void> {
  try {
    await work
    toast.done(said)
  } catch (error) {
    toast.failed('It did not work', error)
    throw error
  }
}

function Row({ item, onStop }: { item: FleetContainer; onStop: () => void }) {
  const up = item.desired === 'running'
  return (
    <tr className="align-top hover:bg-surface-2 [&>td]:px-3 [&>td]:py-3">
      <td className="min-w-0 pl-5!">
        <p className="font-medium wrap-anywhere">{item.user.username}</p>
        {item.reason ? (
          <p className="max-w-md text-xs text-bad">{item.reason}</p>
        ) : (
          <p className="text-xs text-muted">
            <time dateTime={item.since} title={dateTime(item.since)}>
              changed {ago(item.since)}
            </time>
          </p>
        )}
        <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 sm:hidden">
          <State item={item} />
          <span className="tnum text-xs text-muted">{memory(item)}</span>
        </div>
      </td>
      <td className="max-sm:hidden">
        <State item={item} />
      </td>
      <td className="tnum whitespace-nowrap text-muted max-md:hidden">{idle(item)}</td>
      <td className="tnum text-right whitespace-nowrap text-muted max-sm:hidden">
        {memory(item)}
        {item.nextLimits && <p className="text-xs text-warn">{nextLimits(item)}</p>}
      </td>
      <td className="max-lg:hidden">
        <span
          className="block max-w-56 truncate font-mono text-xs leading-5 text-muted"
          title={item.image ?? undefined}
        >
          {item.image ?? 'Not made'}
        </span>
        {item.outdated && <p className="text-xs text-warn">A newer one is there</p>}
      </td>
      <td className="tnum text-right text-muted max-lg:hidden">{item.restarts}</td>
      <td className="py-1.5! text-right">
        <Menu
          align="end"
          trigger={
            <IconButton label={`Actions for the container of ${item.user.username}`}>
              <Ellipsis aria-hidden />
            </IconButton>
          }
        >
          <MenuItem
            onSelect={() =>
              void act(fleet.restart(item.id), up ? 'Container restarts' : 'Container starts').catch(() => {})
            }
          >
            <RotateCcw aria-hidden />
            {up ? 'Restart' : 'Start'}
          </MenuItem>
          {up && (
            <MenuItem danger onSelect={onStop}>
              <Moon aria-hidden />
              Stop
            </MenuItem>
          )}
        </Menu>
      </td>
    </tr>
  )
}

function State({ item }: { item: FleetContainer }) {
  const { word, tone, Icon } = lookOf(item)
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className={Icon === LoaderCircle ? 'animate-spin' : undefined} />
      {word}
    </Badge>
  )
}

function idle({ idleSeconds, state }: FleetContainer): string {
  if (idleSeconds == null) return state === 'ready' ? 'In use' : 'Not running'
  return duration(idleSeconds * 1000)
}

function memory({ memory: { usedBytes, limitBytes } }: FleetContainer): string {
  return usedBytes == null ? `up to ${bytes(limitBytes)}` : `${bytes(usedBytes)} of ${bytes(limitBytes)}`
}

/** What it gets when it starts next, where that is something else. */
function nextLimits({ limits, nextLimits: next }: FleetContainer): string {
  const more =
    next?.memoryMib === limits.memoryMib ? 'Other limits' : `${bytes((next?.memoryMib ?? 0) * 1024 ** 2)}`
  return `${more} from its next start`
}
