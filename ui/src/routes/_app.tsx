import { createFileRoute, redirect } from '@tanstack/react-router'
import { setAccount } from '@/api/account'
import { isStatus } from '@/api/client'
import { q } from '@/api/queries'
import { AppShell } from '@/features/shell/app-shell'

/** Everything for signed-in people, once the setup is over. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const onboarding = await queryClient.ensureQueryData(q.onboarding)
    if (!onboarding.completed) throw redirect({ to: '/setup', replace: true })
    try {
      return { me: await queryClient.ensureQueryData(q.me) }
    } catch (error) {
      if (!isStatus(error, 401)) throw error
      // Whoever signs in next begins as himself.
      setAccount(null)
      throw redirect({ to: '/login', search: { next: location.href }, replace: true })
    }
  },
  component: AppShell,
})
