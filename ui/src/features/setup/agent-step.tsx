import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { onboarding } from '@/api/mutations'
import { q } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { ModelSelect } from '@/features/agents/model-select'
import { TemplateCards } from '@/features/agents/template-cards'
import { TEMPLATES } from '@/features/agents/templates'
import { tellForm, useZodForm } from '@/lib/form'
import { StepFrame } from './step-frame'

const schema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name.')),
  model: z.string().check(z.minLength(1, 'Choose a model.')),
})

/** The first agent. */
export function AgentStep({ onBack, onDone }: { onBack: () => void; onDone: () => void }) {
  const { data: mine } = useQuery(q.agents)
  const { data: providers } = useQuery(q.providers)
  const [template, setTemplate] = useState(TEMPLATES[0])
  const [trouble, setTrouble] = useState<string | null>(null)
  const provider = providers?.items[0]
  const first = provider?.models[0] ? `${provider.slug}/${provider.models[0].id}` : ''
  const form = useZodForm(schema, {
    values: { name: 'Ada', model: first },
    resetOptions: { keepDirtyValues: true },
  })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setTrouble(null)
    // Coming back must not make a second one.
    if (mine && mine.items.length > 0) {
      onDone()
      return
    }
    try {
      const personality = template?.personality ?? { soul: '', identity: '', user: '' }
      await onboarding.agent({ ...values, fallbacks: [], personality })
      onDone()
    } catch (error) {
      setTrouble(tellForm(form, error))
    }
  })
  return (
    <StepFrame
      title="Create your first agent"
      intro="An agent has a name, a personality and a model. It lives in a container of its own, with its own memory."
      onBack={onBack}
      onSubmit={submit}
      trouble={trouble}
      actions={
        <Button type="submit" look="primary" busy={isSubmitting}>
          Create agent
        </Button>
      }
    >
      <Field label="Name" error={errors.name?.message}>
        {(wiring) => <Input {...wiring} maxLength={80} autoComplete="off" {...form.register('name')} />}
      </Field>
      <TemplateCards chosen={template?.id ?? ''} onChoose={setTemplate} />
      <Field label="Model" error={errors.model?.message}>
        {(wiring) => <ModelSelect {...wiring} current={first} {...form.register('model')} />}
      </Field>
    </StepFrame>
  )
}
