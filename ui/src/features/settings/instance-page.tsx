import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiError, errorMessage, hasCode, isStatus } from '@/api/client'
import { admin } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { KnowledgeSettings, Settings, Versioned } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { SaveBar } from '@/components/ui/save-bar'
import { toast } from '@/components/ui/toast'
import { ForbiddenPage } from '@/features/shell/full-page'
import { useAsyncAction } from '@/lib/use-async-action'
import { useTitle } from '@/lib/use-title'
import { AllowedHosts } from './allowed-hosts'
import { SECTIONS, SettingField } from './instance-fields'
import { KnowledgeFields } from './knowledge-fields'

export function InstancePage() {
  useTitle('Instance')
  const { data: me } = useQuery(queries.me)
  // Never read again by itself: that would discard what the user is typing.
  const settings = useQuery({ ...queries.settings, staleTime: Infinity, enabled: me?.role === 'admin' })
  if (me?.role !== 'admin' || isStatus(settings.error, 403))
    return <ForbiddenPage what="The settings of the instance" />
  if (settings.isPending)
    return (
      <Card>
        <SkeletonRows rows={6} />
      </Card>
    )
  if (settings.isError && !settings.data)
    return (
      <Card>
        <LoadError what="The settings" error={settings.error} onRetry={() => settings.refetch()} />
      </Card>
    )
  return <InstanceForm key={settings.data.version} saved={settings.data} />
}

function InstanceForm({ saved }: { saved: Versioned<Settings> }) {
  const [draft, setDraft] = useState<Settings>(saved.value)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [conflict, setConflict] = useState(false)
  const { busy, errorText, runAction, setErrorText } = useAsyncAction()
  const changed = Object.keys(draft).filter(
    (name) => JSON.stringify(draft[name]) !== JSON.stringify(saved.value[name]),
  )
  const change = (name: string, value: unknown) => setDraft((before) => ({ ...before, [name]: value }))

  const save = async (event: FormEvent) => {
    event.preventDefault()
    setErrors({})
    await runAction(async () => {
      const patch = Object.fromEntries(changed.map((name) => [name, withoutKeyPlaceholder(draft[name])]))
      await admin.settings(saved.version, patch)
      toast.success('Settings saved')
    }, handleError)
  }
  const handleError = (error: unknown) => {
    if (hasCode(error, 'stale')) setConflict(true)
    else if (error instanceof ApiError && error.problem.errors?.length)
      setErrors(Object.fromEntries(error.problem.errors.map((one) => [one.field, one.message])))
    else setErrorText(errorMessage(error))
  }
  return (
    <form noValidate onSubmit={save} className="flex flex-col gap-6">
      {conflict && (
        <Alert
          tone="warn"
          title="Someone else changed these settings in the meantime"
          actions={
            <Button
              size="sm"
              onClick={() => queryClient.invalidateQueries({ queryKey: queries.settings.queryKey })}
            >
              Reload them
            </Button>
          }
        >
          Reloading discards what you typed here.
        </Alert>
      )}
      {SECTIONS.map((section) => {
        const fields = section.fields.filter((field) => field.name in draft)
        if (fields.length === 0) return null
        return (
          <Card key={section.title}>
            <CardHeader title={section.title}>{section.about}</CardHeader>
            <div className="grid gap-5 px-5 py-5 sm:grid-cols-2">
              {fields.map((field) => (
                <SettingField
                  key={`${field.name} ${field.part ?? ''}`}
                  field={field}
                  value={draft[field.name]}
                  error={errors[field.part ? `${field.name}.${field.part}` : field.name]}
                  onChange={(value) => change(field.name, value)}
                />
              ))}
            </div>
          </Card>
        )
      })}
      {'knowledge' in draft && (
        <KnowledgeFields
          value={draft.knowledge as KnowledgeSettings}
          errors={errors}
          onChange={(value) => change('knowledge', value)}
        />
      )}
      <AllowedHosts
        hosts={draft.allowedHosts}
        error={errors.allowedHosts}
        onChange={(hosts) => change('allowedHosts', hosts)}
      />
      {errorText && <Alert title="The settings were not saved">{errorText}</Alert>}
      <SaveBar
        shown={changed.length > 0}
        busy={busy}
        onDiscard={() => {
          setDraft(saved.value)
          setErrors({})
        }}
      />
    </form>
  )
}

/** Removes key fields that are empty or a placeholder for the stored key, so that the server keeps the stored key. */
function withoutKeyPlaceholder(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, inner) =>
      name === 'apiKey' && (typeof inner !== 'string' || inner === '') ? undefined : inner,
    ),
  )
}
