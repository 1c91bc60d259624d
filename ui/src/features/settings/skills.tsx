import { Plus } from 'lucide-react'
import { type UseFormReturn, useFieldArray } from 'react-hook-form'
import { Button } from '@/components/ui/button'
import { Field, Input, Textarea } from '@/components/ui/field'
import type { AgentFormValues } from './agent-form'

/** Skills of the agent: texts that it reads when it needs them. */
export function SkillsField({ form }: { form: UseFormReturn<AgentFormValues> }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'skills' })
  const errors = form.formState.errors.skills
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1.5 text-sm font-medium">Skills</legend>
      {fields.map((field, at) => (
        <div key={field.id} className="flex flex-col gap-4 rounded-panel border px-3.5 py-3.5">
          <Field
            label="Name"
            error={errors?.[at]?.name?.message}
            hint="Lowercase letters, digits and hyphens, for example weekly-report"
          >
            {(controlProps) => (
              <Input
                {...controlProps}
                spellCheck={false}
                autoCapitalize="off"
                {...form.register(`skills.${at}.name`)}
              />
            )}
          </Field>
          <Field
            label="When to use it"
            error={errors?.[at]?.description?.message}
            hint="One line. The agent always sees it."
          >
            {(controlProps) => (
              <Input {...controlProps} maxLength={300} {...form.register(`skills.${at}.description`)} />
            )}
          </Field>
          <Field
            label="What to do"
            error={errors?.[at]?.content?.message}
            hint="Markdown. The agent reads it when it uses the skill."
          >
            {(controlProps) => (
              <Textarea
                {...controlProps}
                className="font-mono text-sm leading-5"
                {...form.register(`skills.${at}.content`)}
              />
            )}
          </Field>
          <div>
            <Button variant="danger" size="sm" onClick={() => remove(at)}>
              Remove the skill
            </Button>
          </div>
        </div>
      ))}
      {errors?.message && <p className="text-xs text-bad">{errors.message}</p>}
      <div>
        <Button size="md" onClick={() => append({ name: '', description: '', content: '' })}>
          <Plus aria-hidden />
          Add a skill
        </Button>
      </div>
    </fieldset>
  )
}
