import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useWatch } from 'react-hook-form'
import { onboarding, providers } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { Provider } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/feedback'
import { ProviderFields } from '@/features/providers/provider-fields'
import {
  blankProvider,
  providerSchema,
  toNewProvider,
  toProviderChanges,
  valuesOf,
} from '@/features/providers/schema'
import { TestSteps } from '@/features/providers/test-steps'
import { loadLastRun, useSavedProviderTest } from '@/features/providers/use-saved-test'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { StepFrame } from './step-frame'

interface Props {
  onBack: () => void
  onDone: () => void
}

/** The first provider: saved and tested before the setup continues. */
export function ProviderStep(props: Props) {
  const { data } = useQuery(queries.providers)
  if (!data)
    return (
      <div role="status" className="flex flex-col gap-4">
        <span className="sr-only">Loading</span>
        <Skeleton className="h-8 w-72" />
        <Skeleton className="h-4 w-96 max-w-full" />
        <Skeleton className="mt-4 h-24 w-full" />
      </div>
    )
  return <ProviderForm {...props} first={data.items[0]} />
}

function ProviderForm({ onBack, onDone, first }: Props & { first: Provider | undefined }) {
  const [saved, setSaved] = useState(first)
  const [errorText, setErrorText] = useState<string | null>(null)
  const { run, setRun, start, reset } = useSavedProviderTest()
  const form = useZodForm(providerSchema, {
    defaultValues: first ? valuesOf(first) : blankProvider('anthropic'),
  })
  const values = JSON.stringify(useWatch({ control: form.control }))
  const [testedValues, setTestedValues] = useState(first?.lastTest ? values : '')
  // Back from a later step: the result of the last test is still valid.
  useEffect(() => {
    if (first?.lastTest) void loadLastRun(first.id).then((run) => run && setRun(run))
  }, [first, setRun])
  const resultIsCurrent = testedValues === values
  const works = resultIsCurrent && run?.state === 'passed'

  const submit = form.handleSubmit(async (draft) => {
    if (works) {
      onDone()
      return
    }
    setErrorText(null)
    // The stored key is removed from the page.
    const onStored = () => {
      form.setValue('apiKey', '')
      setTestedValues(JSON.stringify({ ...draft, apiKey: '' }))
    }
    setTestedValues(JSON.stringify(draft))
    try {
      await start(async () => {
        if (!saved) {
          const answer = await onboarding.provider(toNewProvider(draft))
          setSaved(await queryClient.fetchQuery({ ...queries.provider(answer.providerId), staleTime: 0 }))
          onStored()
          return answer
        }
        const patch = toProviderChanges(draft, saved)
        if (Object.keys(patch).length > 0) setSaved(await providers.change(saved.id, saved.version, patch))
        onStored()
        return { providerId: saved.id, ...(await providers.test(saved.id)) }
      })
      await queryClient.invalidateQueries({ queryKey: queries.providers.queryKey, exact: true })
    } catch (error) {
      reset()
      setErrorText(applyServerErrors(form, error))
    }
  })
  const running = run?.state === 'running'
  return (
    <StepFrame
      title="Connect a model provider"
      intro="Agents need a model to think with. Mosaic sends one short request to check that it answers."
      onBack={onBack}
      onSubmit={submit}
      errorText={errorText}
      actions={
        <Button type="submit" variant="primary" busy={running}>
          {works ? 'Continue' : running ? 'Testing' : resultIsCurrent && run ? 'Test again' : 'Save and test'}
        </Button>
      }
    >
      <ProviderFields form={form} saved={saved} />
      {run && (resultIsCurrent || running) && <TestSteps run={run} />}
    </StepFrame>
  )
}
