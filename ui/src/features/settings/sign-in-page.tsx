import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { isStatus } from '@/api/client'
import { auth } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, SecretInput } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { ForbiddenPage } from '@/features/shell/full-page'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { useTitle } from '@/lib/use-title'
import { OidcForm } from './oidc-form'

export function SignInPage() {
  useTitle('Sign-in')
  const { data: me } = useQuery(queries.me)
  const oidc = useQuery({ ...queries.oidc, enabled: me?.role === 'admin' })
  if (me?.role !== 'admin' || isStatus(oidc.error, 403)) return <ForbiddenPage what="How people sign in" />
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardHeader title="Single sign-on">
          People sign in with the accounts they have, through any OpenID Connect provider. The admin account
          below always works too.
        </CardHeader>
        {oidc.isPending && <SkeletonRows rows={3} />}
        {oidc.isError && (
          <LoadError what="The sign-in settings" error={oidc.error} onRetry={() => oidc.refetch()} />
        )}
        {oidc.data !== undefined && !oidc.isError && (
          <OidcForm key={oidc.data?.issuer ?? ''} saved={oidc.data} />
        )}
      </Card>
      <PasswordCard />
    </div>
  )
}

const schema = z.object({
  current: z.string().check(z.minLength(1, 'Enter your current password.')),
  new: z.string().check(z.minLength(12, 'Use at least 12 characters.')),
})

/** The admin account's password. Changing it ends every other session of that account. */
function PasswordCard() {
  const [errorText, setErrorText] = useState<string | null>(null)
  const form = useZodForm(schema, { defaultValues: { current: '', new: '' } })
  const { errors, isSubmitting, isDirty } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    try {
      await auth.changeBreakglassPassword(values)
      form.reset()
      toast.success('Password changed')
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  return (
    <Card>
      <CardHeader title="Admin account">
        This account always works. If its password is lost, run mosaic admin reset-breakglass on the server.
      </CardHeader>
      <form noValidate onSubmit={submit} className="flex max-w-md flex-col gap-5 px-5 py-5">
        <Field label="Current password" error={errors.current?.message}>
          {(controlProps) => (
            <SecretInput {...controlProps} autoComplete="current-password" {...form.register('current')} />
          )}
        </Field>
        <Field
          label="New password"
          error={errors.new?.message}
          hint="At least 12 characters. All other sessions of this account end."
        >
          {(controlProps) => (
            <SecretInput {...controlProps} autoComplete="new-password" {...form.register('new')} />
          )}
        </Field>
        {errorText && <Alert>{errorText}</Alert>}
        <div>
          <Button type="submit" busy={isSubmitting} disabled={!isDirty}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  )
}
