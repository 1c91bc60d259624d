import { Ellipsis, Moon, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { fleet } from '@/api/mutations'
import type { FleetContainer } from '@/api/types'
import { IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Badge } from '@/components/ui/feedback'
import { Menu, MenuItem } from '@/components/ui/menu'
import { TableHeaderRow } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { formatBytes } from '@/lib/bytes'
import { formatDateTime, formatDuration, timeAgo } from '@/lib/time'
import { ContainerStateBadge } from './container-state'

export function ContainerTable({ items }: { items: FleetContainer[] }) {
  const [stopping, setStopping] = useState<FleetContainer | null>(null)
  return (
    <>
      <table aria-label="Containers" className="w-full text-sm">
        <thead>
          <TableHeaderRow>
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
          </TableHeaderRow>
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
          if (stopping) await withToast(fleet.stop(stopping.id), 'Stopping the container')
        }}
      />
    </>
  )
}

async function withToast(action: Promise<unknown>, successTitle: string): Promise<void> {
  try {
    await action
    toast.success(successTitle)
  } catch (error) {
    toast.error('It did not work', error)
    throw error
  }
}

function Row({ item, onStop }: { item: FleetContainer; onStop: () => void }) {
  const up = item.desired === 'running'
  return (
    <tr className="align-top hover:bg-surface-2 [&>td]:px-3 [&>td]:py-3">
      <td className="min-w-0 pl-5!">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium wrap-anywhere">
          {item.user.username}
          {item.user.system && <Badge className="h-5 px-2 font-normal">Instance's own</Badge>}
        </p>
        {item.reason ? (
          <p className="max-w-md text-xs text-bad">{item.reason}</p>
        ) : (
          <p className="text-xs text-muted">
            <time dateTime={item.since} title={formatDateTime(item.since)}>
              changed {timeAgo(item.since)}
            </time>
          </p>
        )}
        <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 sm:hidden">
          <ContainerStateBadge {...item} />
          <span className="tnum text-xs text-muted">{memory(item)}</span>
        </div>
      </td>
      <td className="max-sm:hidden">
        <ContainerStateBadge {...item} />
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
          {item.image ?? 'Not created'}
        </span>
        {item.outdated && <p className="text-xs text-warn">A newer image is available</p>}
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
              void withToast(
                fleet.restart(item.id),
                up ? 'Restarting the container' : 'Starting the container',
              ).catch(() => {})
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

function idle({ idleSeconds, state }: FleetContainer): string {
  if (idleSeconds == null) return state === 'ready' ? 'In use' : 'Not running'
  return formatDuration(idleSeconds * 1000)
}

function memory({ memory: { usedBytes, limitBytes } }: FleetContainer): string {
  return usedBytes == null
    ? `up to ${formatBytes(limitBytes)}`
    : `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}`
}

/** The limits from the next start on, if they differ. */
function nextLimits({ limits, nextLimits: next }: FleetContainer): string {
  const more =
    next?.memoryMib === limits.memoryMib ? 'New limits' : `${formatBytes((next?.memoryMib ?? 0) * 1024 ** 2)}`
  return `${more} from the next start`
}
