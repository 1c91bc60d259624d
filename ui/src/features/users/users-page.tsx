import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Ban, CircleCheck, Ellipsis, Gauge, Moon, ShieldCheck, ShieldMinus, Users } from 'lucide-react'
import { useState } from 'react'
import { isStatus } from '@/api/client'
import { admin } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { User } from '@/api/types'
import { IconButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Badge, EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { Menu, MenuItem } from '@/components/ui/menu'
import { TableHeaderRow } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { ForbiddenPage } from '@/features/shell/full-page'
import { TopBar } from '@/features/shell/top-bar'
import { formatDate, formatDuration, timeAgo } from '@/lib/time'
import { IdleDialog } from './idle-dialog'
import { customLimitsOf, LimitsDialog } from './limits-dialog'

/** All users. For admins. */
export function UsersPage() {
  const { data: me } = useQuery(queries.me)
  const list = useInfiniteQuery({ ...queries.userPages, enabled: me?.role === 'admin' })
  const [disabling, setDisabling] = useState<User | null>(null)
  const [editingIdleTimeout, setEditingIdleTimeout] = useState<User | null>(null)
  const [editingLimits, setEditingLimits] = useState<User | null>(null)
  if (me?.role !== 'admin' || isStatus(list.error, 403)) return <ForbiddenPage what="The list of users" />
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <TopBar title="Users" note="Who uses this Mosaic" />
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-6 md:px-6">
        <Card className="mx-auto w-full max-w-[1248px] overflow-hidden">
          {list.isPending && <SkeletonRows rows={4} />}
          {list.isError && !list.data && (
            <LoadError what="The users" error={list.error} onRetry={() => list.refetch()} />
          )}
          {list.data && items.length === 0 && (
            <EmptyState icon={<Users aria-hidden />} title="No users yet" />
          )}
          {items.length > 0 && (
            <table aria-label="Users" className="w-full text-sm">
              <thead>
                <TableHeaderRow className="[&>th]:px-5">
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  <th scope="col" className="max-sm:hidden">
                    Since
                  </th>
                  <th scope="col" className="max-md:hidden">
                    Last seen
                  </th>
                  <th scope="col" className="max-lg:hidden">
                    Asleep after
                  </th>
                  <th scope="col" className="max-xl:hidden">
                    May use
                  </th>
                  <th scope="col">
                    <span className="sr-only">Actions</span>
                  </th>
                </TableHeaderRow>
              </thead>
              <tbody className="divide-y">
                {items.map((user) => (
                  <Row
                    key={user.id}
                    user={user}
                    myself={user.id === me.id}
                    onDisable={() => setDisabling(user)}
                    onEditIdleTimeout={() => setEditingIdleTimeout(user)}
                    onEditLimits={() => setEditingLimits(user)}
                  />
                ))}
              </tbody>
            </table>
          )}
          <LoadMore list={list} label="Show more" />
        </Card>
      </div>
      {editingIdleTimeout && (
        <IdleDialog user={editingIdleTimeout} onClose={() => setEditingIdleTimeout(null)} />
      )}
      {editingLimits && <LimitsDialog user={editingLimits} onClose={() => setEditingLimits(null)} />}
      <ConfirmDialog
        open={disabling !== null}
        onClose={() => setDisabling(null)}
        title={`Disable ${disabling?.displayName || disabling?.username || 'this user'}?`}
        description="Sessions end, API tokens are refused, running answers and jobs are cancelled, and the container stops. Nothing is deleted, and you can enable the account again."
        action="Disable user"
        onConfirm={async () => {
          if (disabling) await change(disabling, { disabled: true }, 'User disabled')
        }}
      />
    </>
  )
}

async function change(
  user: User,
  body: { role?: User['role']; disabled?: boolean },
  successTitle: string,
): Promise<void> {
  try {
    await admin.user(user.id, body)
    toast.success(successTitle)
  } catch (error) {
    toast.error('The user was not changed', error)
    throw error
  }
}

interface RowProps {
  user: User
  myself: boolean
  onDisable: () => void
  onEditIdleTimeout: () => void
  onEditLimits: () => void
}

function idleTimeoutText({ idleTimeoutSeconds }: User): string {
  if (idleTimeoutSeconds === 0) return 'Never'
  return idleTimeoutSeconds ? formatDuration(idleTimeoutSeconds * 1000) : 'Default'
}

function Row({ user, myself, onDisable, onEditIdleTimeout, onEditLimits }: RowProps) {
  const name = user.displayName || user.username
  return (
    <tr className="[&>td]:px-5 [&>td]:py-3">
      <td className="min-w-0">
        <p className="font-medium">
          {name}
          {myself && <span className="ml-1.5 text-xs font-normal text-muted">you</span>}
        </p>
        {name !== user.username && <p className="text-xs wrap-anywhere text-muted">{user.username}</p>}
      </td>
      <td>
        <div className="flex flex-wrap gap-1.5">
          {user.role === 'admin' ? (
            <Badge tone="accent">
              <ShieldCheck aria-hidden />
              Admin
            </Badge>
          ) : (
            <Badge>{user.system ? "Instance's own" : 'User'}</Badge>
          )}
          {user.disabledAt && (
            <Badge tone="bad">
              <Ban aria-hidden />
              Disabled
            </Badge>
          )}
        </div>
      </td>
      <td className="whitespace-nowrap text-muted max-sm:hidden">{formatDate(user.createdAt)}</td>
      <td className="whitespace-nowrap text-muted max-md:hidden">
        {user.lastSeenAt ? timeAgo(user.lastSeenAt) : 'Never'}
      </td>
      <td className="whitespace-nowrap text-muted max-lg:hidden">{idleTimeoutText(user)}</td>
      <td className="text-muted max-xl:hidden">{customLimitsOf(user) ?? 'Default'}</td>
      <td className="w-12 text-right">
        <Menu
          align="end"
          trigger={
            <IconButton label={`Actions for ${name}`}>
              <Ellipsis aria-hidden />
            </IconButton>
          }
        >
          <MenuItem onSelect={onEditIdleTimeout}>
            <Moon aria-hidden />
            Set when it sleeps
          </MenuItem>
          <MenuItem onSelect={onEditLimits}>
            <Gauge aria-hidden />
            Set what it may use
          </MenuItem>
          {!myself && !user.breakglass && <AccountActions user={user} name={name} onDisable={onDisable} />}
        </Menu>
      </td>
    </tr>
  )
}

/** Not offered for the user's own account or the breakglass account. */
function AccountActions({ user, name, onDisable }: { user: User; name: string; onDisable: () => void }) {
  // `change` has shown the error already.
  const quietly = (action: Promise<void>) => void action.catch(() => {})
  return (
    <>
      {user.system ? null : user.role === 'admin' ? (
        <MenuItem onSelect={() => quietly(change(user, { role: 'user' }, `${name} is now a user`))}>
          <ShieldMinus aria-hidden />
          Make a user
        </MenuItem>
      ) : (
        <MenuItem onSelect={() => quietly(change(user, { role: 'admin' }, `${name} is now an admin`))}>
          <ShieldCheck aria-hidden />
          Make an admin
        </MenuItem>
      )}
      {user.disabledAt ? (
        <MenuItem onSelect={() => quietly(change(user, { disabled: false }, 'User enabled'))}>
          <CircleCheck aria-hidden />
          Enable
        </MenuItem>
      ) : (
        <MenuItem danger onSelect={onDisable}>
          <Ban aria-hidden />
          Disable
        </MenuItem>
      )}
    </>
  )
}
