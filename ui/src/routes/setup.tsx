import { createFileRoute, redirect } from '@tanstack/react-router'
import { isStatus } from '@/api/client'
import { queries } from '@/api/queries'
import { SetupPage } from '@/features/setup/setup-page'

/** Open until the setup is complete; after its first step only for the signed-in admin. */
export const Route = createFileRoute('/setup')({
  beforeLoad: async ({ context: { queryClient } }) => {
    const onboarding = await queryClient.fetchQuery({ ...queries.onboarding, staleTime: 0 })
    if (onboarding.completed) throw redirect({ to: '/chat', replace: true })
    if (!onboarding.breakglass) return
    try {
      await queryClient.ensureQueryData(queries.me)
    } catch (error) {
      if (!isStatus(error, 401)) throw error
      throw redirect({ to: '/login', search: { next: '/setup' }, replace: true })
    }
  },
  component: SetupPage,
})
