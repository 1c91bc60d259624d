import { useState } from 'react'
import { Controller, type UseFormReturn, useWatch } from 'react-hook-form'
import { agents } from '@/api/mutations'
import type { Agent } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { ModelSelect } from '@/features/agents/model-select'
import { TemplateCards } from '@/features/agents/template-cards'
import { TEMPLATES } from '@/features/agents/templates'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { type AgentFormValues, agentFormSchema } from './agent-form'
import { ALL_TOOLS, ToolsField } from './agent-tools'
import { PersonalityEditor } from './personality-editor'
import { SkillsField } from './skills'

const MAX_FALLBACKS = 5

/** Creates or edits an agent. */
export function AgentSheet({ saved, onClose }: { saved?: Agent; onClose: () => void }) {
  const [template, setTemplate] = useState(TEMPLATES[0]?.id ?? '')
  const [errorText, setErrorText] = useState<string | null>(null)
  const personality = saved?.personality ?? TEMPLATES[0]?.personality ?? { soul: '', identity: '', user: '' }
  const form = useZodForm(agentFormSchema, {
    defaultValues: {
      name: saved?.name ?? '',
      model: saved?.model ?? '',
      fallbacks: saved?.fallbacks ?? [],
      tools: saved?.tools ?? ALL_TOOLS,
      skills: saved?.skills ?? [],
      personality,
    },
  })
  const { errors, isSubmitting, isDirty } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setErrorText(null)
    try {
      const body = { ...values, fallbacks: values.fallbacks.filter(Boolean) }
      if (saved) await agents.change(saved.id, saved.version, body)
      else await agents.create(body)
      toast.success(saved ? 'Agent saved. It applies before the next message.' : 'Agent added')
      onClose()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? saved.name : 'Add an agent'}
      footer={
        <>
          <Button variant="primary" busy={isSubmitting} disabled={saved && !isDirty} onClick={submit}>
            {saved ? 'Save changes' : 'Add agent'}
          </Button>
          {saved && (
            <RemoveButton
              title={`Delete ${saved.name}?`}
              description="Its chats stay readable, but it no longer answers, and its memory is erased."
              action="Delete agent"
              remove={() => agents.remove(saved.id)}
              done="Agent deleted"
              failed={`${saved.name} was not deleted`}
              onRemoved={onClose}
            />
          )}
        </>
      }
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-5 px-5 py-5">
        <Field label="Name" error={errors.name?.message}>
          {(controlProps) => (
            <Input {...controlProps} maxLength={80} autoComplete="off" {...form.register('name')} />
          )}
        </Field>
        <Field label="Model" error={errors.model?.message}>
          {(controlProps) => (
            <Controller
              control={form.control}
              name="model"
              render={({ field }) => (
                <ModelSelect {...controlProps} {...field} current={field.value} none="Choose a model" />
              )}
            />
          )}
        </Field>
        <Fallbacks form={form} />
        {!saved && (
          <TemplateCards
            chosen={template}
            onChoose={(next) => {
              setTemplate(next.id)
              form.setValue('personality', next.personality, { shouldDirty: true })
            }}
          />
        )}
        <PersonalityEditor form={form} />
        <ToolsField form={form} />
        <SkillsField form={form} />
        {errorText && <Alert title="This did not work">{errorText}</Alert>}
        <button type="submit" hidden />
      </form>
    </Sheet>
  )
}

/** The models to try in order when the main model fails. */
function Fallbacks({ form }: { form: UseFormReturn<AgentFormValues> }) {
  const chosen = useWatch({ control: form.control, name: 'fallbacks' })
  const set = (next: string[]) => form.setValue('fallbacks', next.filter(Boolean), { shouldDirty: true })
  const slots = [...chosen, ''].slice(0, MAX_FALLBACKS)
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Fallback models</legend>
      {slots.map((value, at) => (
        <ModelSelect
          // biome-ignore lint/suspicious/noArrayIndexKey: a slot is identified by its position
          key={at}
          aria-label={`Fallback model ${at + 1}`}
          none={at < chosen.length ? 'Remove' : chosen.length === 0 ? 'None' : 'Add another'}
          value={value}
          current={value}
          onChange={(event) => set(slots.map((old, here) => (here === at ? event.target.value : old)))}
        />
      ))}
      <p className="text-xs text-muted">
        Used in this order when the model above fails or has no quota left.
      </p>
    </fieldset>
  )
}
