import { useState } from 'react'
import * as z from 'zod/mini'
import { message } from '@/api/client'
import { onboarding } from '@/api/mutations'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { tellForm, useZodForm } from '@/lib/form'
import { StepFrame } from './step-frame'

const schema = z.object({
  issuer: z
    .string()
    .check(z.regex(/^https?:\/\/\S+$/, 'Enter the address of the provider, beginning with https://')),
  clientId: z.string().check(z.minLength(1, 'Enter the client ID.')),
  clientSecret: z.string().check(z.minLength(1, 'Enter the client secret.')),
})

/** Single sign-on, which can also be set up later. */
export function OidcStep({ onDone }: { onDone: () => void }) {
  const [trouble, setTrouble] = useState<string | null>(null)
  const [skipping, setSkipping] = useState(false)
  const form = useZodForm(schema, { defaultValues: { issuer: '', clientId: '', clientSecret: '' } })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setTrouble(null)
    try {
      await onboarding.oidc(values)
      onDone()
    } catch (error) {
      setTrouble(tellForm(form, error))
    }
  })
  const skip = async () => {
    setTrouble(null)
    setSkipping(true)
    try {
      await onboarding.skipOidc()
      onDone()
    } catch (error) {
      setTrouble(message(error))
      setSkipping(false)
    }
  }
  const redirect = `${location.origin}/api/auth/oidc/callback`
  return (
    <StepFrame
      title="Set up single sign-on"
      intro="People sign in with the accounts they have, through any OpenID Connect provider. You can skip this and do it later in the settings."
      onSubmit={submit}
      trouble={trouble}
      actions={
        <>
          <Button busy={skipping} disabled={isSubmitting} onClick={skip}>
            Skip for now
          </Button>
          <Button type="submit" look="primary" busy={isSubmitting} disabled={skipping}>
            {isSubmitting ? 'Checking' : 'Save and continue'}
          </Button>
        </>
      }
    >
      <Field
        label="Issuer"
        error={errors.issuer?.message}
        hint="The address of the provider, for example https://login.example.com"
      >
        {(wiring) => (
          <Input
            {...wiring}
            type="url"
            autoCapitalize="off"
            spellCheck={false}
            {...form.register('issuer')}
          />
        )}
      </Field>
      <Field label="Client ID" error={errors.clientId?.message}>
        {(wiring) => (
          <Input
            {...wiring}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            {...form.register('clientId')}
          />
        )}
      </Field>
      <Field
        label="Client secret"
        error={errors.clientSecret?.message}
        hint="Stored encrypted and never shown again."
      >
        {(wiring) => <SecretInput {...wiring} autoComplete="off" {...form.register('clientSecret')} />}
      </Field>
      <div className="flex flex-col gap-1.5">
        <span className="text-sm font-medium">Redirect address</span>
        <div className="flex min-h-9 items-center gap-1 rounded-control border bg-surface-2 pr-0.5 pl-2.5">
          <span className="min-w-0 flex-1 py-1.5 font-mono text-xs break-all">{redirect}</span>
          <CopyButton text={redirect} name="Copy the redirect address" />
        </div>
        <p className="text-xs text-muted">
          Register it at the provider as the only redirect address of this client.
        </p>
      </div>
    </StepFrame>
  )
}
