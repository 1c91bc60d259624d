import { useQuery } from '@tanstack/react-query'
import { Ellipsis, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { fleet } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { SystemContainer } from '@/api/types'
import { Button, IconButton } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Badge, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Menu, MenuItem } from '@/components/ui/menu'
import { toast } from '@/components/ui/toast'
import { startImpersonation } from '@/features/shell/impersonation'
import { formatDuration, timeAgo } from '@/lib/time'
import { ContainerStateBadge } from './container-state'
import { SystemContainerDialog } from './system-container-dialog'

const POLL_INTERVAL_MS = 3000

/** Agents without an owner: programs use them, admins manage them. */
export function SystemContainersCard() {
  const list = useQuery({ ...queries.systemContainers, refetchInterval: POLL_INTERVAL_MS })
  const [editing, setEditing] = useState<SystemContainer | 'new' | null>(null)
  const [removing, setRemoving] = useState<SystemContainer | null>(null)
  const items = list.data?.items ?? []
  const add = (
    <Button size="md" onClick={() => setEditing('new')}>
      <Plus aria-hidden />
      New agent
    </Button>
  )
  return (
    <Card className="overflow-hidden">
      <CardHeader title="The instance's own agents" actions={add}>
        Agents without an owner, such as a help desk or a bot. They cannot sign in: admins manage them, and
        programs use them with API tokens.
      </CardHeader>
      {list.isPending && <SkeletonRows rows={1} />}
      {list.isError && !list.data && (
        <LoadError what="The instance's own agents" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <p className="px-5 py-4 text-sm text-muted">
          None yet. Create one for work that does not belong to a single person.
        </p>
      )}
      <ul className="divide-y">
        {items.map((item) => (
          <Row key={item.id} item={item} onEdit={() => setEditing(item)} onRemove={() => setRemoving(item)} />
        ))}
      </ul>
      {editing && (
        <SystemContainerDialog
          saved={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(null)}
        />
      )}
      <ConfirmDialog
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing?.name ?? 'this agent'}?`}
        description="Its chats, agents, providers and keys, findings, memory and conversations are erased, and its container with all its files. Programs that use it are refused from now on. This cannot be undone."
        action="Remove it"
        onConfirm={async () => {
          if (removing) await remove(removing)
        }}
      />
    </Card>
  )
}

async function remove({ id, name }: SystemContainer): Promise<void> {
  try {
    await fleet.removeSystemContainer(id)
    toast.success(`${name} is being removed`)
  } catch (error) {
    toast.error('It was not removed', error)
    throw error
  }
}

interface RowProps {
  item: SystemContainer
  onEdit: () => void
  onRemove: () => void
}

function Row({ item, onEdit, onRemove }: RowProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3.5">
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium wrap-anywhere">{item.name}</p>
        {item.purpose && <p className="text-sm wrap-anywhere text-muted">{item.purpose}</p>}
        <p className="text-xs text-muted">{description(item)}</p>
      </div>
      <div className="flex items-center gap-1 max-sm:w-full">
        <span className="mr-auto pr-2">
          {item.disabledAt ? <Badge tone="bad">Disabled</Badge> : <ContainerStateBadge state={item.state} />}
        </span>
        <Button
          size="sm"
          aria-label={`Open ${item.name}`}
          disabled={item.disabledAt !== null}
          onClick={() => startImpersonation(item.id)}
        >
          Open
        </Button>
        <Menu
          align="end"
          trigger={
            <IconButton label={`Actions for ${item.name}`}>
              <Ellipsis aria-hidden />
            </IconButton>
          }
        >
          <MenuItem onSelect={onEdit}>
            <Pencil aria-hidden />
            Edit its purpose
          </MenuItem>
          <MenuItem danger onSelect={onRemove}>
            <Trash2 aria-hidden />
            Remove
          </MenuItem>
        </Menu>
      </div>
    </li>
  )
}

function description({ idleStopAfterSeconds, lastUsedAt, madeBy }: SystemContainer): string {
  const sleeps =
    idleStopAfterSeconds === 0
      ? 'never sleeps'
      : `sleeps after ${formatDuration(idleStopAfterSeconds * 1000)} unused`
  const used = lastUsedAt ? `Last used ${timeAgo(lastUsedAt)}` : 'Never used'
  return [used, sleeps, madeBy && `created by ${madeBy}`].filter(Boolean).join(' · ')
}
