import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { auth } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import { Button, buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { Logo } from '@/features/shell/logo'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { saveReturnPath } from '@/lib/return-path'
import { useTitle } from '@/lib/use-title'

const route = getRouteApi('/login')

/** Error codes in the redirect from single sign-on. */
const SSO_ERRORS: Record<string, string> = {
  oidc_no_account: 'You do not have an account here yet. Ask an admin to create one.',
  oidc_not_allowed: 'Your account may not use this Mosaic. Ask your admin.',
  oidc_not_configured: 'Single sign-on is not set up. Use the admin account.',
  oidc_provider: 'The sign-in provider could not be used right now. Try again in a moment.',
  oidc_state: 'The sign-in took too long or was started in another window. Start again.',
  oidc_replayed: 'This sign-in was already used. Start again.',
  account_disabled: 'Your account is disabled. Ask your admin.',
  insecure_transport: 'Signing in needs https here. Ask your admin for the right address.',
}

/** Single sign-on if it is configured, and always the admin account. */
export function LoginPage() {
  useTitle('Sign in')
  const { next, error, deleted } = route.useSearch()
  const { data: methods } = useQuery(queries.methods)
  const [breakglass, setBreakglass] = useState(false)
  const sso = methods?.oidc === true
  return (
    <main className="flex min-h-full flex-col items-center justify-center px-5 py-12">
      <div className="w-full max-w-[360px]">
        <Logo className="mx-auto size-9" />
        <h1 className="mt-5 text-center text-xl">Sign in to Mosaic</h1>
        {deleted && (
          <Alert tone="info" className="mt-6" title="Your account is being deleted">
            All your data is deleted with it. This takes a minute or two.
          </Alert>
        )}
        {error && (
          <Alert className="mt-6" title="Single sign-on did not work">
            {SSO_ERRORS[error] ??
              'Try again. If it keeps failing, ask your admin: the audit log shows the reason.'}
          </Alert>
        )}
        <div className="mt-7 flex flex-col gap-4">
          {sso && (
            <a
              href="/api/auth/oidc/start"
              onClick={() => saveReturnPath(next)}
              className={buttonClass(breakglass ? 'secondary' : 'primary', 'lg', 'w-full')}
            >
              {methods?.oidcLabel ? `Continue with ${methods.oidcLabel}` : 'Continue with single sign-on'}
            </a>
          )}
          {sso && !breakglass && (
            <Button variant="ghost" onClick={() => setBreakglass(true)}>
              Use the admin account
            </Button>
          )}
          {(!sso || breakglass) && <BreakglassForm next={next ?? '/chat'} />}
        </div>
      </div>
    </main>
  )
}

const schema = z.object({
  username: z.string().check(z.minLength(1, 'Enter your user name.')),
  password: z.string().check(z.minLength(1, 'Enter your password.')),
})

function BreakglassForm({ next }: { next: string }) {
  const navigate = useNavigate()
  const [errorText, setErrorText] = useState<string | null>(null)
  const form = useZodForm(schema, { defaultValues: { username: '', password: '' }, mode: 'onSubmit' })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    try {
      const me = await auth.login(values)
      queryClient.clear()
      queryClient.setQueryData(queries.me.queryKey, me)
      await navigate({ href: next })
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
      form.setFocus('password', { shouldSelect: true })
    }
  })
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {errorText && <Alert>{errorText}</Alert>}
      <Field label="User name" error={errors.username?.message}>
        {(controlProps) => (
          <Input
            {...controlProps}
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            {...form.register('username')}
          />
        )}
      </Field>
      <Field label="Password" error={errors.password?.message}>
        {(controlProps) => (
          <SecretInput {...controlProps} autoComplete="current-password" {...form.register('password')} />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={isSubmitting} className="w-full">
        Sign in
      </Button>
    </form>
  )
}
