import { useState } from 'react'
import * as z from 'zod/mini'
import { hasCode } from '@/api/client'
import { onboarding } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { forgetSetupToken, parseSetupLink, setupToken } from '@/lib/setup-token'
import { StepFrame } from './step-frame'

const schema = z.object({
  link: z.string(),
  username: z.string().check(z.minLength(1, 'Enter a name.'), z.regex(/^\S*$/, 'Use a name without spaces.')),
  password: z.string().check(z.minLength(12, 'Use at least 12 characters.')),
})

/** Creates the first admin. Needs the setup link. */
export function AdminStep({ onDone }: { onDone: () => void }) {
  const [hasLink, setHasLink] = useState(() => setupToken() !== null)
  const [errorText, setErrorText] = useState<string | null>(null)
  const form = useZodForm(schema, { defaultValues: { link: '', username: 'admin', password: '' } })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ link, username, password }) => {
    setErrorText(null)
    const token = setupToken() ?? parseSetupLink(link)
    if (!token) {
      form.setError('link', { message: 'Paste the setup link.' }, { shouldFocus: true })
      return
    }
    try {
      await onboarding.breakglass({ username, password }, token)
    } catch (error) {
      if (hasCode(error, 'setup_token')) {
        forgetSetupToken()
        setHasLink(false)
        form.setError('link', {
          message: 'This setup link is not valid here. Copy it again from the log of the server.',
        })
        return
      }
      setErrorText(applyServerErrors(form, error))
      return
    }
    forgetSetupToken()
    await queryClient.fetchQuery({ ...queries.me, staleTime: 0 })
    await queryClient.invalidateQueries({ queryKey: queries.onboarding.queryKey })
    onDone()
  })
  return (
    <StepFrame
      title="Create the admin account"
      intro="This account always works, even when single sign-on does not. Keep its password somewhere safe."
      onSubmit={submit}
      errorText={errorText}
      actions={
        <Button type="submit" variant="primary" busy={isSubmitting}>
          Create account
        </Button>
      }
    >
      {!hasLink && (
        <Field
          label="Setup link"
          error={errors.link?.message}
          hint="The server writes it to its log when it starts. It ends in #token= and a long string."
        >
          {(controlProps) => <SecretInput {...controlProps} autoComplete="off" {...form.register('link')} />}
        </Field>
      )}
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
      <Field
        label="Password"
        error={errors.password?.message}
        hint="At least 12 characters. A few words that do not belong together are easy to remember."
      >
        {(controlProps) => (
          <SecretInput {...controlProps} autoComplete="new-password" {...form.register('password')} />
        )}
      </Field>
    </StepFrame>
  )
}
