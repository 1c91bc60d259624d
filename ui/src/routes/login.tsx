import { createFileRoute, redirect } from '@tanstack/react-router'
import { isStatus } from '@/api/client'
import { q } from '@/api/queries'
import { LoginPage } from '@/features/login/login-page'
import { leave } from '@/features/shell/keep'

interface Search {
  /** Where to go afterwards: a path of this server. */
  next?: string
  /** Why signing in elsewhere did not work. */
  error?: string
  /** An account was just deleted here. */
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
    const onboarding = await queryClient.ensureQueryData(q.onboarding)
    if (!onboarding.breakglass && !onboarding.completed) throw redirect({ to: '/setup', replace: true })
    await queryClient.ensureQueryData(q.methods)
  },
  loader: async ({ context: { queryClient }, location }) => {
    const search = location.search as Search
    // Its session may take a moment to end.
    if (search.deleted) return
    const me = await queryClient.ensureQueryData(q.me).catch((error: unknown) => {
      if (!isStatus(error, 401)) throw error
      leave()
      return null
    })
    if (me) throw redirect({ href: search.next ?? '/chat', replace: true })
  },
  component: LoginPage,
})
