import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { onboarding } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { ModelSelect } from '@/features/agents/model-select'
import { TemplateCards } from '@/features/agents/template-cards'
import { TEMPLATES } from '@/features/agents/templates'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { StepFrame } from './step-frame'

const schema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name.')),
  model: z.string().check(z.minLength(1, 'Choose a model.')),
})

export function AgentStep({ onBack, onDone }: { onBack: () => void; onDone: () => void }) {
  const { data: mine } = useQuery(queries.agents)
  const { data: providers } = useQuery(queries.providers)
  const [template, setTemplate] = useState(TEMPLATES[0])
  const [errorText, setErrorText] = useState<string | null>(null)
  const provider = providers?.items[0]
  const first = provider?.models[0] ? `${provider.slug}/${provider.models[0].id}` : ''
  const form = useZodForm(schema, {
    values: { name: 'Ada', model: first },
    resetOptions: { keepDirtyValues: true },
  })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    // Going back and forth must not create a second agent.
    if (mine && mine.items.length > 0) {
      onDone()
      return
    }
    try {
      const personality = template?.personality ?? { soul: '', identity: '', user: '' }
      await onboarding.agent({ ...values, fallbacks: [], personality })
      onDone()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  return (
    <StepFrame
      title="Create your first agent"
      intro="An agent has a name, a personality and a model. It lives in a container of its own, with its own memory."
      onBack={onBack}
      onSubmit={submit}
      errorText={errorText}
      actions={
        <Button type="submit" variant="primary" busy={isSubmitting}>
          Create agent
        </Button>
      }
    >
      <Field label="Name" error={errors.name?.message}>
        {(controlProps) => (
          <Input {...controlProps} maxLength={80} autoComplete="off" {...form.register('name')} />
        )}
      </Field>
      <TemplateCards chosen={template?.id ?? ''} onChoose={setTemplate} />
      <Field label="Model" error={errors.model?.message}>
        {(controlProps) => <ModelSelect {...controlProps} current={first} {...form.register('model')} />}
      </Field>
    </StepFrame>
  )
}
