import { Check, CircleX, Minus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Controller, useWatch } from 'react-hook-form'
import * as z from 'zod/mini'
import { admin } from '@/api/mutations'
import type { OidcReport, OidcSettings } from '@/api/types'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'
import { toast } from '@/components/ui/toast'
import {
  ClientIdField,
  ClientSecretField,
  IssuerField,
  oidcShape,
  RedirectAddress,
} from '@/features/oidc/oidc-fields'
import { applyServerErrors, useZodForm } from '@/lib/form'

const schema = z.object({
  ...oidcShape,
  clientSecret: z.string(),
  label: z.string(),
  autoProvision: z.boolean(),
  allowedDomains: z.string(),
  allowedGroups: z.string(),
  adminGroups: z.string(),
  groupsClaim: z.string(),
})
type Values = z.infer<typeof schema>

function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/** The single sign-on settings, with a test of the unsaved values. */
export function OidcForm({ saved }: { saved: OidcSettings | null }) {
  const [errorText, setErrorText] = useState<string | null>(null)
  const [report, setReport] = useState<{ values: string; report: OidcReport } | null>(null)
  const [testing, setTesting] = useState(false)
  const [removing, setRemoving] = useState(false)
  const form = useZodForm<Values>(schema, {
    defaultValues: {
      issuer: saved?.issuer ?? '',
      clientId: saved?.clientId ?? '',
      clientSecret: '',
      label: saved?.label ?? '',
      autoProvision: saved?.autoProvision ?? true,
      allowedDomains: saved?.allowedDomains?.join(', ') ?? '',
      allowedGroups: saved?.allowedGroups?.join(', ') ?? '',
      adminGroups: saved?.adminGroups?.join(', ') ?? '',
      groupsClaim: saved?.groupsClaim ?? '',
    },
  })
  const { errors, isSubmitting, isDirty } = form.formState
  const typed = JSON.stringify(useWatch({ control: form.control }))
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    try {
      await admin.oidc({
        issuer: values.issuer,
        clientId: values.clientId,
        clientSecret: values.clientSecret || undefined,
        label: values.label || undefined,
        scopes: saved?.scopes,
        autoProvision: values.autoProvision,
        allowedDomains: splitList(values.allowedDomains),
        allowedGroups: splitList(values.allowedGroups),
        adminGroups: splitList(values.adminGroups),
        groupsClaim: values.groupsClaim || undefined,
      })
      form.reset({ ...values, clientSecret: '' })
      toast.success('Single sign-on saved')
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  const test = form.handleSubmit(async ({ issuer, clientId, clientSecret }) => {
    setErrorText(null)
    setTesting(true)
    try {
      const answer = await admin.testOidc({ issuer, clientId, clientSecret: clientSecret || undefined })
      setReport({ values: typed, report: answer })
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    } finally {
      setTesting(false)
    }
  })
  const redirect = saved?.redirectUri ?? `${location.origin}/api/auth/oidc/callback`
  return (
    <form noValidate onSubmit={submit} className="flex max-w-xl flex-col gap-5 px-5 py-5">
      <IssuerField error={errors.issuer?.message} input={form.register('issuer')} />
      <div className="grid gap-5 sm:grid-cols-2">
        <ClientIdField error={errors.clientId?.message} input={form.register('clientId')} />
        <ClientSecretField
          error={errors.clientSecret?.message}
          input={form.register('clientSecret')}
          set={saved?.clientSecret?.set}
        />
      </div>
      <Field
        label="Name on the button"
        error={errors.label?.message}
        hint="People see “Continue with” and this name."
      >
        {(controlProps) => (
          <Input {...controlProps} maxLength={40} autoComplete="off" {...form.register('label')} />
        )}
      </Field>
      <RedirectAddress url={redirect}>Register it with the provider.</RedirectAddress>
      <Controller
        control={form.control}
        name="autoProvision"
        render={({ field }) => (
          <Switch
            label="Create accounts at the first sign-in"
            hint="Off: only people who already have an account here can sign in."
            checked={field.value}
            onChange={field.onChange}
          />
        )}
      />
      <Field
        label="Allowed email domains"
        error={errors.allowedDomains?.message}
        hint="Separated by commas. Empty: all."
      >
        {(controlProps) => (
          <Input
            {...controlProps}
            spellCheck={false}
            placeholder="example.com"
            {...form.register('allowedDomains')}
          />
        )}
      </Field>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label="Allowed groups" error={errors.allowedGroups?.message} hint="Empty: all.">
          {(controlProps) => (
            <Input {...controlProps} spellCheck={false} {...form.register('allowedGroups')} />
          )}
        </Field>
        <Field
          label="Groups of admins"
          error={errors.adminGroups?.message}
          hint="Checked again at each sign-in."
        >
          {(controlProps) => <Input {...controlProps} spellCheck={false} {...form.register('adminGroups')} />}
        </Field>
      </div>
      {report && report.values === typed && <TestReport report={report.report} />}
      {errorText && <Alert title="This did not work">{errorText}</Alert>}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={isSubmitting && !testing} disabled={!isDirty}>
          Save
        </Button>
        <Button busy={testing} onClick={test}>
          Test
        </Button>
        {saved?.configured && (
          <Button variant="danger" className="ml-auto" onClick={() => setRemoving(true)}>
            Turn off
          </Button>
        )}
      </div>
      <ConfirmDialog
        open={removing}
        onClose={() => setRemoving(false)}
        title="Turn single sign-on off?"
        description="People who use it can no longer sign in. Only the admin account still works."
        action="Turn off"
        onConfirm={async () => {
          try {
            await admin.removeOidc()
          } catch (error) {
            toast.error('Single sign-on is still on', error)
            throw error
          }
          toast.success('Single sign-on turned off')
        }}
      />
    </form>
  )
}

const STEP_LABELS: Record<string, string> = {
  discovery: 'Find the provider and its keys',
  client: 'Check client ID and secret',
}
const STATUS_ICONS: Record<string, ReactNode> = {
  passed: <Check aria-hidden className="size-4 text-ok" />,
  failed: <CircleX aria-hidden className="size-4 text-bad" />,
  skipped: <Minus aria-hidden className="size-4 text-muted" />,
}

function TestReport({ report }: { report: OidcReport }) {
  return (
    <section
      aria-label="Test of single sign-on"
      className={`rounded-panel border px-4 py-3.5 ${report.ok ? 'bg-ok-soft' : 'border-bad-line bg-bad-soft'}`}
    >
      <p role="status" className="text-sm font-medium">
        {report.ok ? 'The provider answers' : 'The test failed'}
      </p>
      <ol className="mt-2 flex flex-col gap-2">
        {report.steps.map((step) => (
          <li key={step.name} className="flex gap-2.5 text-sm">
            <span className="mt-0.5">{STATUS_ICONS[step.status]}</span>
            <div className="min-w-0">
              <p>
                {STEP_LABELS[step.name] ?? step.name}
                <span className="sr-only">: {step.status}</span>
              </p>
              {step.title && (
                <p className="text-muted">
                  {step.title} {step.nextStep}
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
