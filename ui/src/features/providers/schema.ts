import * as z from 'zod/mini'
import type { CatalogEntry, NewProvider, Provider, ProviderChanges } from '@/api/types'

export const providerSchema = z.object({
  kind: z.string(),
  name: z.string(),
  baseUrl: z.string(),
  apiKey: z.string(),
  models: z.array(z.string()).check(z.minLength(1, 'Choose at least one model.')),
  allowPrivateHost: z.boolean(),
})
export type ProviderValues = z.infer<typeof providerSchema>

export function blankProvider(kind: string): ProviderValues {
  return { kind, name: '', baseUrl: '', apiKey: '', models: [], allowPrivateHost: false }
}

export function valuesOf(provider: Provider): ProviderValues {
  return {
    kind: provider.kind,
    name: provider.name,
    baseUrl: provider.baseUrl ?? '',
    apiKey: '',
    models: provider.models.map((model) => model.id),
    allowPrivateHost: false,
  }
}

export function toNewProvider(values: ProviderValues): NewProvider {
  return {
    kind: values.kind,
    name: values.name.trim() || undefined,
    baseUrl: values.baseUrl.trim() || undefined,
    apiKey: values.apiKey.trim() || undefined,
    models: values.models.map((id) => ({ id })),
    allowPrivateHost: values.allowPrivateHost || undefined,
  }
}

/** Only the changed fields. An empty key field keeps the stored key. */
export function toProviderChanges(values: ProviderValues, saved: Provider): ProviderChanges {
  const before = valuesOf(saved)
  const patch: ProviderChanges = {}
  if (values.kind !== before.kind) patch.kind = values.kind
  if (values.name.trim() && values.name !== before.name) patch.name = values.name.trim()
  if (values.baseUrl.trim() !== before.baseUrl) patch.baseUrl = values.baseUrl.trim() || null
  if (values.apiKey.trim()) patch.apiKey = values.apiKey.trim()
  if (values.models.join('\n') !== before.models.join('\n'))
    patch.models = values.models.map((id) => ({ id }))
  if (values.allowPrivateHost) patch.allowPrivateHost = true
  return patch
}

/** Whether kind, address and key are the saved ones. */
export function usesSavedAccount(values: ProviderValues, saved: Provider): boolean {
  return (
    values.kind === saved.kind && values.baseUrl.trim() === (saved.baseUrl ?? '') && !values.apiKey.trim()
  )
}

/** Whether the key must be typed before the provider can be called. */
export function needsKeyAgain(
  values: ProviderValues,
  entry: CatalogEntry | undefined,
  saved: Provider | undefined,
): boolean {
  if (!entry?.needsKey || values.apiKey.trim()) return false
  return !saved?.apiKey.set || values.kind !== saved.kind || values.baseUrl.trim() !== (saved.baseUrl ?? '')
}
