import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Controller, type UseFormReturn, useWatch } from 'react-hook-form'
import { providers } from '@/api/mutations'
import { q, queryClient } from '@/api/queries'
import type { CatalogEntry, OfferedModel, Provider } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Field, Input, SecretInput } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'
import { cn } from '@/lib/cn'
import { tellForm } from '@/lib/form'
import { explain } from './explain'
import { ModelPicker } from './model-picker'
import { isAsSaved, lacksKey, type ProviderValues, toNew } from './schema'

interface Props {
  form: UseFormReturn<ProviderValues>
  saved?: Provider
  /** The setup leaves the name to the kind's label. */
  named?: boolean
}

/** How many kinds are offered before somebody asks for all of them. */
const FIRST = ['anthropic', 'openai', 'google', 'openrouter', 'ollama', 'openai-compatible']

/** The fields of a provider, the same in the setup and in the settings. */
export function ProviderFields({ form, saved, named = false }: Props) {
  const { data } = useQuery(q.catalog)
  const { data: me } = useQuery(q.me)
  const values = useWatch({ control: form.control }) as ProviderValues
  const entry = data?.items.find((item) => item.kind === values.kind)
  const { errors } = form.formState
  const ownAddress = entry !== undefined && (entry.needsBaseUrl || values.baseUrl !== '')
  return (
    <>
      <KindChoice form={form} catalog={data?.items ?? []} entry={entry} />
      {named && (
        <Field label="Name" error={errors.name?.message} hint="How agents and lists call this account.">
          {(wiring) => (
            <Input {...wiring} placeholder={entry?.label} maxLength={80} {...form.register('name')} />
          )}
        </Field>
      )}
      <Address form={form} entry={entry} />
      <KeyField key={saved?.version ?? 0} form={form} entry={entry} saved={saved} />
      {(ownAddress || values.kind === 'ollama' || errors.baseUrl) && me?.role === 'admin' && (
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
  const shown = all ? catalog : catalog.filter((item) => FIRST.includes(item.kind) || item.kind === kind)
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
  const [own, setOwn] = useState(false)
  const error = form.formState.errors.baseUrl?.message
  if (!entry) return null
  if (!entry.needsBaseUrl && !own && !baseUrl && !error)
    return (
      <p className="-mt-2 text-xs text-muted">
        Address: <span className="font-mono break-all">{entry.baseUrl}</span>{' '}
        <button
          type="button"
          className="font-medium text-accent hover:underline"
          onClick={() => setOwn(true)}
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
      {(wiring) => (
        <Input
          {...wiring}
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
  const kept = saved?.apiKey.set && !lacksKey(values, entry, saved)
  const error = form.formState.errors.apiKey?.message
  if (kept && !replace && !error)
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
          <Button look="ghost" size="sm" onClick={() => setReplace(true)}>
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
      hint="Stored encrypted. It is never shown again, and agents of others never use it."
    >
      {(wiring) => (
        <SecretInput
          {...wiring}
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
  const [offered, setOffered] = useState<OfferedModel[] | null>(null)
  const [loading, setLoading] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  // A stored key is only used with what is stored; for anything else it has to be typed again.
  const asSaved = saved !== undefined && isAsSaved(values, saved)
  const complete =
    entry !== undefined &&
    !lacksKey(values, entry, undefined) &&
    !(entry.needsBaseUrl && !values.baseUrl.trim())
  const load = async () => {
    setLoading(true)
    setTrouble(undefined)
    try {
      const { models, failure } = await (asSaved ? ofSaved(saved) : ofTyped(values))
      if (models) setOffered(models)
      else setTrouble(failure ?? 'This provider has no list. Type the id of a model.')
    } catch (error) {
      setTrouble(tellForm(form, error) ?? undefined)
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
            setTrouble(undefined)
            form.setValue('models', models, { shouldDirty: true, shouldValidate: form.formState.isSubmitted })
          }}
          offered={offered}
          onLoad={asSaved || complete ? load : undefined}
          loading={loading}
          error={trouble ?? fieldState.error?.message}
        />
      )}
    />
  )
}

interface Offer {
  models?: OfferedModel[] | null
  failure?: string | null
}

async function ofSaved(saved: Provider): Promise<Offer> {
  const { items, listed } = await queryClient.fetchQuery(q.providerModels(saved.id))
  return { models: listed ? items : undefined }
}

async function ofTyped(values: ProviderValues): Promise<Offer> {
  const report = await providers.testTyped({ ...toNew(values), models: [] })
  const failure = report.steps.find((step) => step.failure)?.failure
  return { models: report.models, failure: failure ? explain(failure) : null }
}
