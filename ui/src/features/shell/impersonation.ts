/**
 * Acting for one of the instance's own agents, and going back. Both load a new page, so that nothing held in memory
 * gets from one account into the other.
 */
import {
  actingAccount,
  clearActingAccount,
  recordLostAccess,
  setActingAccount,
  takeLostAccess,
} from '@/api/acting-account'
import { toast } from '@/components/ui/toast'
import { clearDrafts } from '@/lib/drafts'
import { flushDeletions } from './delete-chat'

export function startImpersonation(accountId: string): void {
  switchAccount(accountId, '/chat')
}

export function stopImpersonation(): void {
  switchAccount(null, '/fleet')
}

function switchAccount(id: string | null, to: string): void {
  flushDeletions()
  clearDrafts()
  setActingAccount(id)
  location.assign(to)
}

/** The server refuses the account: it was removed or disabled, or the user is no longer an admin. */
export function handleLostAccess(): void {
  recordLostAccess()
  clearDrafts()
  location.assign('/chat')
}

/** Tells the user about it on the page that `handleLostAccess` loaded. */
export function reportLostAccess(): void {
  if (takeLostAccess())
    toast.error(
      'You are back in your own account: the agent was removed or disabled, or you are no longer an admin.',
    )
}

/** The session has ended. */
export function resetAfterSessionEnd(): void {
  // Several admins share a system account, so drafts written for it are removed. Users keep their own drafts.
  if (actingAccount()) clearDrafts()
  clearActingAccount()
}
