import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { auth } from '@/api/mutations'
import { q, queryClient } from '@/api/queries'
import { Button, buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { Logo } from '@/features/shell/logo'
import { tellForm, useZodForm } from '@/lib/form'
import { keepNext } from '@/lib/next'
import { useTitle } from '@/lib/use-title'

const route = getRouteApi('/login')

/** Codes that the way back from single sign-on may bring. */
const REASONS: Record<string, string> = {
  oidc_no_account: 'There is no account for you here yet. Ask your admin to let you in.',
  oidc_not_allowed: 'Your account may not use this Mosaic. Ask your admin.',
  oidc_not_configured: 'Single sign-on is not set up. Use the admin account.',
  oidc_provider: 'The sign-in provider could not be used right now. Try again in a moment.',
  oidc_state: 'The sign-in took too long or was begun in another window. Start again.',
  oidc_replayed: 'This sign-in was used already. Start again.',
  account_disabled: 'Your account is disabled. Ask your admin.',
  insecure_transport: 'Signing in needs https here. Ask your admin for the right address.',
}

/** Signing in: with single sign-on where there is one, with the admin account always. */
export function LoginPage() {
  useTitle('Sign in')
  const { next, error, deleted } = route.useSearch()
  const { data: methods } = useQuery(q.methods)
  const [breakglass, setBreakglass] = useState(false)
  const sso = methods?.oidc === true
  return (
    <main className="flex min-h-full flex-col items-center justify-center px-5 py-12">
      <div className="w-full max-w-[360px]">
        <Logo className="mx-auto size-9" />
        <h1 className="mt-5 text-center text-xl">Sign in to Mosaic</h1>
        {deleted && (
          <Alert tone="info" className="mt-6" title="Your account is being deleted">
            Everything that was yours goes with it. It takes a minute or two.
          </Alert>
        )}
        {error && (
          <Alert className="mt-6" title="Single sign-on did not work">
            {REASONS[error] ??
              'Try again. If it stays so, ask your admin, who finds the reason in the audit log.'}
          </Alert>
        )}
        <div className="mt-7 flex flex-col gap-4">
          {sso && (
            <a
              href="/api/auth/oidc/start"
              onClick={() => keepNext(next)}
              className={buttonClass(breakglass ? 'secondary' : 'primary', 'lg', 'w-full')}
            >
              {methods?.oidcLabel ? `Continue with ${methods.oidcLabel}` : 'Continue with single sign-on'}
            </a>
          )}
          {sso && !breakglass && (
            <Button look="ghost" onClick={() => setBreakglass(true)}>
              Use the admin account
            </Button>
          )}
          {(!sso || breakglass) && <Breakglass next={next ?? '/chat'} />}
        </div>
      </div>
    </main>
  )
}

const schema = z.object({
  username: z.string().check(z.minLength(1, 'Enter your user name.')),
  password: z.string().check(z.minLength(1, 'Enter your password.')),
})

function Breakglass({ next }: { next: string }) {
  const navigate = useNavigate()
  const [trouble, setTrouble] = useState<string | null>(null)
  const form = useZodForm(schema, { defaultValues: { username: '', password: '' }, mode: 'onSubmit' })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setTrouble(null)
    try {
      const me = await auth.login(values)
      queryClient.clear()
      queryClient.setQueryData(q.me.queryKey, me)
      await navigate({ href: next })
    } catch (error) {
      setTrouble(tellForm(form, error))
      form.setFocus('password', { shouldSelect: true })
    }
  })
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {trouble && <Alert>{trouble}</Alert>}
      <Field label="User name" error={errors.username?.message}>
        {(wiring) => (
          <Input
            {...wiring}
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            {...form.register('username')}
          />
        )}
      </Field>
      <Field label="Password" error={errors.password?.message}>
        {(wiring) => (
          <SecretInput {...wiring} autoComplete="current-password" {...form.register('password')} />
        )}
      </Field>
      <Button type="submit" look="primary" busy={isSubmitting} className="w-full">
        Sign in
      </Button>
    </form>
  )
}
