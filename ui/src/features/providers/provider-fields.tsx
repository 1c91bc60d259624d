import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Controller, type UseFormReturn, useWatch } from 'react-hook-form'
import { providers } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { CatalogEntry, Provider, ProviderModel } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'
import { cn } from '@/lib/cn'
import { applyServerErrors } from '@/lib/form'
import { explain } from './explain'
import { ModelPicker } from './model-picker'
import { needsKeyAgain, type ProviderValues, toNewProvider, usesSavedAccount } from './schema'

interface Props {
  form: UseFormReturn<ProviderValues>
  saved?: Provider
  /** Whether the name can be edited; the setup uses the label of the kind. */
  withName?: boolean
}

/** The kinds that are shown until the user asks for all. */
const COMMON_KINDS = ['anthropic', 'openai', 'google', 'openrouter', 'ollama', 'openai-compatible']

/** The fields of a provider, the same in the setup and in the settings. */
export function ProviderFields({ form, saved, withName = false }: Props) {
  const { data } = useQuery(queries.catalog)
  const { data: me } = useQuery(queries.me)
  const values = useWatch({ control: form.control }) as ProviderValues
  const entry = data?.items.find((item) => item.kind === values.kind)
  const { errors } = form.formState
  const hasCustomAddress = entry !== undefined && (entry.needsBaseUrl || values.baseUrl !== '')
  return (
    <>
      <KindChoice form={form} catalog={data?.items ?? []} entry={entry} />
      {withName && (
        <Field label="Name" error={errors.name?.message} hint="Shown in lists and to your agents.">
          {(controlProps) => (
            <Input {...controlProps} placeholder={entry?.label} maxLength={80} {...form.register('name')} />
          )}
        </Field>
      )}
      <Address form={form} entry={entry} />
      <KeyField key={saved?.version ?? 0} form={form} entry={entry} saved={saved} />
      {(hasCustomAddress || values.kind === 'ollama' || errors.baseUrl) && me?.role === 'admin' && (
        <Controller
          control={form.control}
          name="allowPrivateHost"
          render={({ field }) => (
            <Switch
              label="Allow this address in a private network"
              hint="Needed when the model runs on your own machine or network. Only admins can allow it."
              checked={field.value}
              onChange={field.onChange}
            />
          )}
        />
      )}
      <Models
        key={`${values.kind} ${values.baseUrl} ${values.apiKey}`}
        form={form}
        entry={entry}
        saved={saved}
      />
    </>
  )
}

interface PartProps {
  form: UseFormReturn<ProviderValues>
  entry: CatalogEntry | undefined
  saved?: Provider
}

function KindChoice({ form, catalog, entry }: PartProps & { catalog: CatalogEntry[] }) {
  const kind = useWatch({ control: form.control, name: 'kind' })
  const [all, setAll] = useState(false)
  const shown = all
    ? catalog
    : catalog.filter((item) => COMMON_KINDS.includes(item.kind) || item.kind === kind)
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">Provider</legend>
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
        {shown.map((item) => (
          <label
            key={item.kind}
            className={cn(
              'flex min-h-10 cursor-pointer items-center justify-center rounded-control border border-control bg-surface px-2 py-1.5 text-center text-sm font-medium hover:bg-surface-2',
              'has-checked:border-accent has-checked:bg-accent-soft has-checked:ring-1 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
            )}
          >
            <input
              type="radio"
              value={item.kind}
              className="sr-only"
              {...form.register('kind', {
                onChange: () => {
                  form.setValue('models', [])
                  form.setValue('baseUrl', '')
                  form.clearErrors()
                },
              })}
            />
            {item.label}
          </label>
        ))}
      </div>
      <div className="mt-1.5 flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="text-xs text-muted">{entry?.about}</p>
        {shown.length < catalog.length && (
          <button
            type="button"
            className="text-xs font-medium text-accent hover:underline"
            onClick={() => setAll(true)}
          >
            Show all {catalog.length} providers
          </button>
        )}
      </div>
    </fieldset>
  )
}

function Address({ form, entry }: PartProps) {
  const baseUrl = useWatch({ control: form.control, name: 'baseUrl' })
  const [customAddress, setCustomAddress] = useState(false)
  const error = form.formState.errors.baseUrl?.message
  if (!entry) return null
  if (!entry.needsBaseUrl && !customAddress && !baseUrl && !error)
    return (
      <p className="-mt-2 text-xs text-muted">
        Address: <span className="font-mono break-all">{entry.baseUrl}</span>{' '}
        <button
          type="button"
          className="font-medium text-accent hover:underline"
          onClick={() => setCustomAddress(true)}
        >
          Use another address
        </button>
      </p>
    )
  return (
    <Field
      label="API address"
      error={error}
      hint={entry.needsBaseUrl ? `For example ${entry.exampleUrl}` : `Leave it empty for ${entry.baseUrl}`}
    >
      {(controlProps) => (
        <Input
          {...controlProps}
          type="url"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={entry.exampleUrl}
          {...form.register('baseUrl')}
        />
      )}
    </Field>
  )
}

function KeyField({ form, entry, saved }: PartProps) {
  const values = useWatch({ control: form.control }) as ProviderValues
  const [replace, setReplace] = useState(false)
  const keepsKey = saved?.apiKey.set && !needsKeyAgain(values, entry, saved)
  const error = form.formState.errors.apiKey?.message
  if (keepsKey && !replace && !error)
    return (
      <div className="flex flex-col gap-1.5">
        <span className="text-sm font-medium">API key</span>
        <div className="flex h-9 items-center justify-between rounded-control border bg-surface-2 pr-1 pl-2.5">
          <span className="text-sm text-muted">
            Set
            {saved.apiKey.endsIn && (
              <>
                , ends in <span className="font-mono">{saved.apiKey.endsIn}</span>
              </>
            )}
          </span>
          <Button variant="ghost" size="sm" onClick={() => setReplace(true)}>
            Replace
          </Button>
        </div>
      </div>
    )
  const optional = entry && !entry.needsKey ? ' (optional)' : ''
  return (
    <Field
      label={`API key${optional}`}
      error={error}
      hint="Stored encrypted and never shown again. Agents of other users cannot use it."
    >
      {(controlProps) => (
        <SecretInput
          {...controlProps}
          autoComplete="off"
          placeholder={entry?.keyPrefix ? `${entry.keyPrefix}…` : undefined}
          {...form.register('apiKey')}
        />
      )}
    </Field>
  )
}

function Models({ form, entry, saved }: PartProps) {
  const values = useWatch({ control: form.control }) as ProviderValues
  const [offered, setOffered] = useState<ProviderModel[] | null>(null)
  const [loading, setLoading] = useState(false)
  const [errorText, setErrorText] = useState<string>()
  // The stored key is only used with the saved values; for others it must be typed again.
  const asSaved = saved !== undefined && usesSavedAccount(values, saved)
  const complete =
    entry !== undefined &&
    !needsKeyAgain(values, entry, undefined) &&
    !(entry.needsBaseUrl && !values.baseUrl.trim())
  const load = async () => {
    setLoading(true)
    setErrorText(undefined)
    try {
      const { models, failure } = await (asSaved ? loadModelsOfSaved(saved) : loadModelsOfUnsaved(values))
      if (models) setOffered(models)
      else setErrorText(failure ?? 'This provider has no list. Type the id of a model.')
    } catch (error) {
      setErrorText(applyServerErrors(form, error) ?? undefined)
    } finally {
      setLoading(false)
    }
  }
  return (
    <Controller
      control={form.control}
      name="models"
      render={({ field, fieldState }) => (
        <ModelPicker
          chosen={field.value}
          onChange={(models) => {
            setErrorText(undefined)
            form.setValue('models', models, { shouldDirty: true, shouldValidate: form.formState.isSubmitted })
          }}
          offered={offered}
          onLoad={asSaved || complete ? load : undefined}
          loading={loading}
          error={errorText ?? fieldState.error?.message}
        />
      )}
    />
  )
}

interface ModelList {
  models?: ProviderModel[] | null
  failure?: string | null
}

async function loadModelsOfSaved(saved: Provider): Promise<ModelList> {
  const { items, listed } = await queryClient.fetchQuery(queries.providerModels(saved.id))
  return { models: listed ? items : undefined }
}

async function loadModelsOfUnsaved(values: ProviderValues): Promise<ModelList> {
  const report = await providers.testUnsaved({ ...toNewProvider(values), models: [] })
  const failure = report.steps.find((step) => step.failure)?.failure
  return { models: report.models, failure: failure ? explain(failure) : null }
}
