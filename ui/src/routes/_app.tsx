import { createFileRoute, redirect } from '@tanstack/react-router'
import { account } from '@/api/account'
import { isStatus } from '@/api/client'
import { q } from '@/api/queries'
import { AppShell } from '@/features/shell/app-shell'
import { fallBack, leave } from '@/features/shell/keep'

/** Everything for signed-in people, once the setup is over. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const onboarding = await queryClient.ensureQueryData(q.onboarding)
    if (!onboarding.completed) throw redirect({ to: '/setup', replace: true })
    try {
      const me = await queryClient.ensureQueryData(q.me)
      // A server that does not know of such accounts, or a proxy that leaves the header out, takes him for himself.
      if (account() && account() !== me.id) fallBack()
      return { me }
    } catch (error) {
      if (!isStatus(error, 401)) throw error
      leave()
      throw redirect({ to: '/login', search: { next: location.href }, replace: true })
    }
  },
  component: AppShell,
})
