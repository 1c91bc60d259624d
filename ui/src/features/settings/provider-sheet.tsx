import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useWatch } from 'react-hook-form'
import { errorMessage } from '@/api/client'
import { providers } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Provider } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { ProviderFields } from '@/features/providers/provider-fields'
import {
  blankProvider,
  needsKeyAgain,
  type ProviderValues,
  providerSchema,
  toNewProvider,
  toProviderChanges,
  valuesOf,
} from '@/features/providers/schema'
import { type TestRun, TestSteps } from '@/features/providers/test-steps'
import { pendingSteps, useSavedProviderTest } from '@/features/providers/use-saved-test'
import { applyServerErrors, useZodForm } from '@/lib/form'

/** Creates or edits a provider. The test uses the unsaved values and saves nothing. */
export function ProviderSheet({ saved, onClose }: { saved?: Provider; onClose: () => void }) {
  const { data: catalog } = useQuery(queries.catalog)
  const form = useZodForm(providerSchema, {
    defaultValues: saved ? valuesOf(saved) : blankProvider('anthropic'),
  })
  const [errorText, setErrorText] = useState<string | null>(null)
  const test = useProviderTest(saved)
  const values = useWatch({ control: form.control }) as ProviderValues
  const entry = catalog?.items.find((item) => item.kind === values.kind)
  const text = JSON.stringify(values)

  const submit = form.handleSubmit(async (draft) => {
    setErrorText(null)
    try {
      if (saved) await providers.change(saved.id, saved.version, toProviderChanges(draft, saved))
      else await providers.create(toNewProvider(draft))
      toast.success(saved ? 'Provider saved' : 'Provider added')
      onClose()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  const runTest = form.handleSubmit(async (draft) => {
    setErrorText(null)
    try {
      await test.run(draft, needsKeyAgain(draft, entry, undefined))
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  const busy = form.formState.isSubmitting
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? saved.name : 'Add a provider'}
      footer={
        <>
          <Button
            variant="primary"
            busy={busy && !test.running}
            disabled={saved && !form.formState.isDirty}
            onClick={submit}
          >
            {saved ? 'Save changes' : 'Add provider'}
          </Button>
          <Button busy={test.running} onClick={runTest}>
            Test connection
          </Button>
          {saved && (
            <RemoveButton
              title={`Delete ${saved.name}?`}
              description="Its key is erased. Agents that use it need another model first."
              action="Delete provider"
              remove={() => providers.remove(saved.id)}
              done="Provider deleted"
              failed={`${saved.name} was not deleted`}
              onRemoved={onClose}
            />
          )}
        </>
      }
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-5 px-5 py-5">
        <ProviderFields form={form} saved={saved} withName />
        {errorText && <Alert title="This did not work">{errorText}</Alert>}
        {test.shown && (test.testedValues === text || test.running) && <TestSteps run={test.shown} />}
        <button type="submit" hidden />
      </form>
    </Sheet>
  )
}

/** Tests unsaved values as they are; an unchanged provider is tested with its stored key. */
function useProviderTest(saved: Provider | undefined) {
  const stored = useSavedProviderTest()
  const [typed, setTyped] = useState<TestRun | null>(null)
  const [testedValues, setTestedValues] = useState('')
  const run = async (draft: ProviderValues, withoutKey: boolean) => {
    setTestedValues(JSON.stringify(draft))
    if (saved && Object.keys(toProviderChanges(draft, saved)).length === 0) {
      setTyped(null)
      await stored.start(async () => ({ providerId: saved.id, ...(await providers.test(saved.id)) }))
      return
    }
    stored.reset()
    if (withoutKey && saved?.apiKey.set) {
      const errorText =
        'The stored key is only used with the saved settings. Save the changes first, or type the key again.'
      setTyped({ state: 'failed', steps: pendingSteps(), errorText })
      return
    }
    setTyped({ state: 'running', steps: pendingSteps('running') })
    try {
      const report = await providers.testUnsaved(toNewProvider(draft))
      const failed = report.steps.some((step) => step.failure)
      setTyped({ state: failed ? 'failed' : 'passed', steps: report.steps })
    } catch (error) {
      setTyped({ state: 'failed', steps: pendingSteps(), errorText: errorMessage(error) })
      throw error
    }
  }
  const shown = typed ?? stored.run
  return { run, shown, testedValues, running: shown?.state === 'running' }
}
