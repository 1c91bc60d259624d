import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useWatch } from 'react-hook-form'
import { message } from '@/api/client'
import { providers } from '@/api/mutations'
import { q } from '@/api/queries'
import type { Provider } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { ProviderFields } from '@/features/providers/provider-fields'
import {
  blankProvider,
  lacksKey,
  type ProviderValues,
  providerSchema,
  toNew,
  toPatch,
  valuesOf,
} from '@/features/providers/schema'
import { type Run, TestSteps } from '@/features/providers/test-steps'
import { blankSteps, useSavedTest } from '@/features/providers/use-saved-test'
import { tellForm, useZodForm } from '@/lib/form'

/** Adds a provider, or shows and changes one. The test uses what is typed and saves nothing. */
export function ProviderSheet({ saved, onClose }: { saved?: Provider; onClose: () => void }) {
  const { data: catalog } = useQuery(q.catalog)
  const form = useZodForm(providerSchema, {
    defaultValues: saved ? valuesOf(saved) : blankProvider('anthropic'),
  })
  const [trouble, setTrouble] = useState<string | null>(null)
  const test = useTest(saved)
  const values = useWatch({ control: form.control }) as ProviderValues
  const entry = catalog?.items.find((item) => item.kind === values.kind)
  const text = JSON.stringify(values)

  const submit = form.handleSubmit(async (draft) => {
    setTrouble(null)
    try {
      if (saved) await providers.change(saved.id, saved.version, toPatch(draft, saved))
      else await providers.create(toNew(draft))
      toast.done(saved ? 'Provider saved' : 'Provider added')
      onClose()
    } catch (error) {
      setTrouble(tellForm(form, error))
    }
  })
  const tryIt = form.handleSubmit(async (draft) => {
    setTrouble(null)
    try {
      await test.run(draft, lacksKey(draft, entry, undefined))
    } catch (error) {
      setTrouble(tellForm(form, error))
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
            look="primary"
            busy={busy && !test.running}
            disabled={saved && !form.formState.isDirty}
            onClick={submit}
          >
            {saved ? 'Save changes' : 'Add provider'}
          </Button>
          <Button busy={test.running} onClick={tryIt}>
            Test connection
          </Button>
          {saved && (
            <RemoveButton
              title={`Delete ${saved.name}?`}
              description="Its key is erased. Agents that use it have to be given another model first."
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
        <ProviderFields form={form} saved={saved} named />
        {trouble && <Alert title="This did not work">{trouble}</Alert>}
        {test.shown && (test.of === text || test.running) && <TestSteps run={test.shown} />}
        <button type="submit" hidden />
      </form>
    </Sheet>
  )
}

/** What is typed is tested as typed; what is saved and unchanged with the key that is stored. */
function useTest(saved: Provider | undefined) {
  const stored = useSavedTest()
  const [typed, setTyped] = useState<Run | null>(null)
  const [of, setOf] = useState('')
  const run = async (draft: ProviderValues, withoutKey: boolean) => {
    setOf(JSON.stringify(draft))
    if (saved && Object.keys(toPatch(draft, saved)).length === 0) {
      setTyped(null)
      await stored.start(async () => ({ providerId: saved.id, ...(await providers.test(saved.id)) }))
      return
    }
    stored.forget()
    if (withoutKey && saved?.apiKey.set) {
      const trouble =
        'The stored key is only used with what is saved. Save the changes first, or type the key again.'
      setTyped({ state: 'failed', steps: blankSteps(), trouble })
      return
    }
    setTyped({ state: 'running', steps: blankSteps('running') })
    try {
      const report = await providers.testTyped(toNew(draft))
      const failed = report.steps.some((step) => step.failure)
      setTyped({ state: failed ? 'failed' : 'passed', steps: report.steps })
    } catch (error) {
      setTyped({ state: 'failed', steps: blankSteps(), trouble: message(error) })
      throw error
    }
  }
  const shown = typed ?? stored.run
  return { run, shown, of, running: shown?.state === 'running' }
}
