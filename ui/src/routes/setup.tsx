import { createFileRoute, redirect } from '@tanstack/react-router'
import { isStatus } from '@/api/client'
import { q } from '@/api/queries'
import { SetupPage } from '@/features/setup/setup-page'

/** Open until the setup is complete; who began it must be signed in to go on. */
export const Route = createFileRoute('/setup')({
  beforeLoad: async ({ context: { queryClient } }) => {
    const onboarding = await queryClient.fetchQuery({ ...q.onboarding, staleTime: 0 })
    if (onboarding.completed) throw redirect({ to: '/chat', replace: true })
    if (!onboarding.breakglass) return
    try {
      await queryClient.ensureQueryData(q.me)
    } catch (error) {
      if (!isStatus(error, 401)) throw error
      throw redirect({ to: '/login', search: { next: '/setup' }, replace: true })
    }
  },
  component: SetupPage,
})
