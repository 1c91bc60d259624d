import { useNavigate } from '@tanstack/react-router'
import { ChevronsUpDown, KeyRound, LogOut, Monitor, MonitorSmartphone, Moon, Sun, Undo2 } from 'lucide-react'
import { isStatus } from '@/api/client'
import { auth } from '@/api/mutations'
import type { Me } from '@/api/types'
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { toast } from '@/components/ui/toast'
import { clearDrafts } from '@/lib/drafts'
import { setTheme, useTheme } from '@/lib/theme'
import { flushDeletions } from './delete-chat'
import { stopImpersonation } from './impersonation'

export function UserMenu({ me }: { me: Me }) {
  const navigate = useNavigate()
  const theme = useTheme()
  const name = me.displayName || me.username
  return (
    <div className="shrink-0 border-t p-2">
      <Menu
        side="top"
        className="w-(--anchor-width)"
        trigger={
          <button
            type="button"
            className="flex w-full items-center gap-2.5 rounded-control px-2 py-1.5 text-left hover:bg-surface-2 data-popup-open:bg-surface-2"
          >
            <span
              aria-hidden
              className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
            >
              {name.slice(0, 1).toUpperCase()}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block truncate text-sm leading-5 font-medium">{name}</span>
              <span className="block text-xs leading-4 text-muted">
                {me.keptBy ? `Managed by ${me.keptBy}` : me.role === 'admin' ? 'Admin' : 'User'}
              </span>
            </span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" />
          </button>
        }
      >
        <MenuChoice
          label="Theme"
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'system', label: 'System', icon: <Monitor aria-hidden /> },
            { value: 'light', label: 'Light', icon: <Sun aria-hidden /> },
            { value: 'dark', label: 'Dark', icon: <Moon aria-hidden /> },
          ]}
        />
        <MenuSeparator />
        {!me.keptBy && (
          <MenuItem onSelect={() => navigate({ to: '/settings/sessions' })}>
            <MonitorSmartphone aria-hidden />
            Your sessions
          </MenuItem>
        )}
        <MenuItem onSelect={() => navigate({ to: '/settings/tokens' })}>
          <KeyRound aria-hidden />
          API tokens
        </MenuItem>
        <MenuSeparator />
        {me.keptBy ? (
          <MenuItem onSelect={stopImpersonation}>
            <Undo2 aria-hidden />
            Back to your account
          </MenuItem>
        ) : (
          <MenuItem onSelect={signOut}>
            <LogOut aria-hidden />
            Sign out
          </MenuItem>
        )}
      </Menu>
    </div>
  )
}

/** Ends the session and loads a new page, so that nothing in memory is left for the next user. */
async function signOut(): Promise<void> {
  flushDeletions()
  let providerLogoutUrl: string | null | undefined
  try {
    providerLogoutUrl = (await auth.logout())?.redirectTo
  } catch (error) {
    // 401: the session has ended already.
    if (!isStatus(error, 401)) {
      toast.error('You are still signed in', error)
      return
    }
  }
  clearDrafts()
  location.assign(providerLogoutUrl ?? '/login')
}
