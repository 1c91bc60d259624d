/**
 * Into the place of one of the instance's own agents, and back. Each time the page begins anew: nothing that it holds
 * in memory may get from one account into the other.
 */
import { account, forgetAccount, loseAccount, setAccount, takeLost } from '@/api/account'
import { toast } from '@/components/ui/toast'
import { forgetDrafts } from '@/lib/draft'
import { flushDeletions } from './delete-chat'

/** This tab looks after that account. */
export function keep(id: string): void {
  change(id, '/chat')
}

/** This tab is again for who is signed in. */
export function stopKeeping(): void {
  change(null, '/fleet')
}

function change(id: string | null, to: string): void {
  flushDeletions()
  forgetDrafts()
  setAccount(id)
  location.assign(to)
}

/** The server refuses it: the account was removed or shut, or he is no admin any more. */
export function fallBack(): void {
  loseAccount()
  forgetDrafts()
  location.assign('/chat')
}

/** After that, at the beginning of the next page. */
export function tellFallBack(): void {
  if (takeLost())
    toast.failed('You are back to yourself: the agent was removed or disabled, or you are no admin any more.')
}

/** The session has ended. */
export function leave(): void {
  // Nothing typed for an account that several look after may meet whoever comes next; a person's own words wait for him.
  if (account()) forgetDrafts()
  forgetAccount()
}
