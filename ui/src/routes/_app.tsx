import { createFileRoute, redirect } from '@tanstack/react-router'
import { actingAccount } from '@/api/acting-account'
import { isStatus } from '@/api/client'
import { queries } from '@/api/queries'
import { AppShell } from '@/features/shell/app-shell'
import { handleLostAccess, resetAfterSessionEnd } from '@/features/shell/impersonation'

/** The pages for signed-in users, once the setup is complete. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const onboarding = await queryClient.ensureQueryData(queries.onboarding)
    if (!onboarding.completed) throw redirect({ to: '/setup', replace: true })
    try {
      const me = await queryClient.ensureQueryData(queries.me)
      // An older server, or a proxy that drops the header, answers for the signed-in user.
      if (actingAccount() && actingAccount() !== me.id) handleLostAccess()
      return { me }
    } catch (error) {
      if (!isStatus(error, 401)) throw error
      resetAfterSessionEnd()
      throw redirect({ to: '/login', search: { next: location.href }, replace: true })
    }
  },
  component: AppShell,
})
