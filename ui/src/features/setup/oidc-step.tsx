import { useState } from 'react'
import * as z from 'zod/mini'
import { errorMessage } from '@/api/client'
import { onboarding } from '@/api/mutations'
import { Button } from '@/components/ui/button'
import {
  ClientIdField,
  ClientSecretField,
  IssuerField,
  oidcShape,
  RedirectAddress,
} from '@/features/oidc/oidc-fields'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { StepFrame } from './step-frame'

const schema = z.object({
  ...oidcShape,
  clientSecret: z.string().check(z.minLength(1, 'Enter the client secret.')),
})

/** Single sign-on, which can also be set up later. */
export function OidcStep({ onDone }: { onDone: () => void }) {
  const [errorText, setErrorText] = useState<string | null>(null)
  const [skipping, setSkipping] = useState(false)
  const form = useZodForm(schema, { defaultValues: { issuer: '', clientId: '', clientSecret: '' } })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    try {
      await onboarding.oidc(values)
      onDone()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  const skip = async () => {
    setErrorText(null)
    setSkipping(true)
    try {
      await onboarding.skipOidc()
      onDone()
    } catch (error) {
      setErrorText(errorMessage(error))
      setSkipping(false)
    }
  }
  return (
    <StepFrame
      title="Set up single sign-on"
      intro="People sign in with the accounts they have, through any OpenID Connect provider. You can skip this and do it later in the settings."
      onSubmit={submit}
      errorText={errorText}
      actions={
        <>
          <Button busy={skipping} disabled={isSubmitting} onClick={skip}>
            Skip for now
          </Button>
          <Button type="submit" variant="primary" busy={isSubmitting} disabled={skipping}>
            {isSubmitting ? 'Checking' : 'Save and continue'}
          </Button>
        </>
      }
    >
      <IssuerField error={errors.issuer?.message} input={form.register('issuer')} />
      <ClientIdField error={errors.clientId?.message} input={form.register('clientId')} />
      <ClientSecretField error={errors.clientSecret?.message} input={form.register('clientSecret')} />
      <RedirectAddress url={`${location.origin}/api/auth/oidc/callback`}>
        Register it with the provider as the only redirect address of this client.
      </RedirectAddress>
    </StepFrame>
  )
}
