import { useQuery } from '@tanstack/react-query'
import { Ellipsis, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { fleet } from '@/api/mutations'
import { q } from '@/api/queries'
import type { SystemContainer } from '@/api/types'
import { Button, IconButton } from '@/components/ui/button'
import { Card, CardHead } from '@/components/ui/card'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Badge, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Menu, MenuItem } from '@/components/ui/menu'
import { toast } from '@/components/ui/toast'
import { keep } from '@/features/shell/keep'
import { ago, duration } from '@/lib/time'
import { State } from './state'
import { SystemContainerDialog } from './system-container-dialog'

const LOOK_MS = 3000

/** Agents that belong to no person: programs use them, admins look after them. */
export function SystemContainersCard() {
  const list = useQuery({ ...q.systemContainers, refetchInterval: LOOK_MS })
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
      <CardHead title="The instance's own agents" actions={add}>
        They belong to nobody, like a help desk or a bot. Nobody signs in as one: admins look after it,
        programs use it with API tokens.
      </CardHead>
      {list.isPending && <SkeletonRows rows={1} />}
      {list.isError && !list.data && (
        <LoadError what="The instance's own agents" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <p className="px-5 py-4 text-sm text-muted">
          None yet. Make one for what is not one person's matter.
        </p>
      )}
      <ul className="divide-y">
        {items.map((item) => (
          <Row key={item.id} item={item} onEdit={() => setEditing(item)} onRemove={() => setRemoving(item)} />
        ))}
      </ul>
      {editing && (
        <SystemContainerDialog
          of={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(null)}
        />
      )}
      <ConfirmDialog
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing?.name ?? 'this agent'}?`}
        description="Its chats, agents, providers and keys, findings, memory and conversations are erased, and its container with all its files. Programs that use it are refused from now on. Nobody can bring it back."
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
    toast.done(`${name} is being removed`)
  } catch (error) {
    toast.failed('It was not removed', error)
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
        <p className="text-xs text-muted">{facts(item)}</p>
      </div>
      <div className="flex items-center gap-1 max-sm:w-full">
        <span className="mr-auto pr-2">
          {item.disabledAt ? <Badge tone="bad">Disabled</Badge> : <State state={item.state} />}
        </span>
        <Button
          size="sm"
          aria-label={`Open ${item.name}`}
          disabled={item.disabledAt !== null}
          onClick={() => keep(item.id)}
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
            Say what it is for
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

function facts({ idleStopAfterSeconds, lastUsedAt, madeBy }: SystemContainer): string {
  const rests =
    idleStopAfterSeconds === 0
      ? 'never sleeps'
      : `sleeps after ${duration(idleStopAfterSeconds * 1000)} unused`
  const used = lastUsedAt ? `Last used ${ago(lastUsedAt)}` : 'Never used'
  return [used, rests, madeBy && `made by ${madeBy}`].filter(Boolean).join(' · ')
}
