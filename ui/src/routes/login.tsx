import { createFileRoute, redirect } from '@tanstack/react-router'
import { isStatus } from '@/api/client'
import { queries } from '@/api/queries'
import { LoginPage } from '@/features/login/login-page'
import { resetAfterSessionEnd } from '@/features/shell/impersonation'

interface Search {
  /** Where to go after signing in: a path of this server. */
  next?: string
  /** The error code of single sign-on. */
  error?: string
  /** Set after the user deleted their account. */
  deleted?: true
}

export const Route = createFileRoute('/login')({
  validateSearch: ({ next, error, deleted }: Record<string, unknown>): Search => ({
    // A second slash or backslash would lead to another server.
    next: typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined,
    error: typeof error === 'string' ? error : undefined,
    deleted: deleted === true || undefined,
  }),
  beforeLoad: async ({ context: { queryClient } }) => {
    const onboarding = await queryClient.ensureQueryData(queries.onboarding)
    if (!onboarding.breakglass && !onboarding.completed) throw redirect({ to: '/setup', replace: true })
    await queryClient.ensureQueryData(queries.methods)
  },
  loader: async ({ context: { queryClient }, location }) => {
    const search = location.search as Search
    // The session of the deleted account may take a moment to end.
    if (search.deleted) return
    const me = await queryClient.ensureQueryData(queries.me).catch((error: unknown) => {
      if (!isStatus(error, 401)) throw error
      resetAfterSessionEnd()
      return null
    })
    if (me) throw redirect({ href: search.next ?? '/chat', replace: true })
  },
  component: LoginPage,
})
