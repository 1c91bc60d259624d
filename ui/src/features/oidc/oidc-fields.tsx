import type { ReactNode } from 'react'
import type { UseFormRegisterReturn } from 'react-hook-form'
import * as z from 'zod/mini'
import { CopyButton } from '@/components/ui/copy-button'
import { Field, Input, SecretInput } from '@/components/ui/field'

/** The fields that the setup and the settings share. */
export const oidcShape = {
  issuer: z
    .string()
    .check(z.regex(/^https?:\/\/\S+$/, 'Enter the address of the provider, beginning with https://')),
  clientId: z.string().check(z.minLength(1, 'Enter the client ID.')),
}

interface Props {
  error: string | undefined
  input: UseFormRegisterReturn
}

export function IssuerField({ error, input }: Props) {
  return (
    <Field
      label="Issuer"
      error={error}
      hint="The address of the provider, for example https://login.example.com"
    >
      {(controlProps) => (
        <Input {...controlProps} type="url" autoCapitalize="off" spellCheck={false} {...input} />
      )}
    </Field>
  )
}

export function ClientIdField({ error, input }: Props) {
  return (
    <Field label="Client ID" error={error}>
      {(controlProps) => (
        <Input {...controlProps} autoComplete="off" autoCapitalize="off" spellCheck={false} {...input} />
      )}
    </Field>
  )
}

/** Write-only: `set` means that a secret is stored. */
export function ClientSecretField({ error, input, set = false }: Props & { set?: boolean | undefined }) {
  return (
    <Field
      label="Client secret"
      error={error}
      hint={set ? 'Set. Type a new one to replace it.' : 'Stored encrypted and never shown again.'}
    >
      {(controlProps) => <SecretInput {...controlProps} autoComplete="off" {...input} />}
    </Field>
  )
}

export function RedirectAddress({ url, children }: { url: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5">
      <span className="text-sm font-medium">Redirect address</span>
      <div className="flex min-h-9 items-center gap-1 rounded-control border bg-surface-2 pr-0.5 pl-2.5">
        <span className="min-w-0 flex-1 py-1.5 font-mono text-xs break-all">{url}</span>
        <CopyButton text={url} name="Copy the redirect address" />
      </div>
      <p className="text-xs text-muted">{children}</p>
    </div>
  )
}
