import { useState } from 'react'
import * as z from 'zod/mini'
import { fleet } from '@/api/mutations'
import type { SystemContainer } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { applyServerErrors, useZodForm } from '@/lib/form'

const schema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name of one word.')),
  purpose: z.string(),
})

/** Creates a system container, or edits its purpose. The name cannot change: programs and logs refer to it. */
export function SystemContainerDialog({ saved, onClose }: { saved?: SystemContainer; onClose: () => void }) {
  const [errorText, setErrorText] = useState<string | null>(null)
  const form = useZodForm<z.infer<typeof schema>>(schema, {
    defaultValues: { name: saved?.name ?? '', purpose: saved?.purpose ?? '' },
  })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (typed) => {
    setErrorText(null)
    try {
      if (saved) await fleet.changeSystemContainer(saved.id, { purpose: typed.purpose })
      else await fleet.createSystemContainer(typed)
      toast.success(saved ? 'Purpose saved' : `${typed.name} was created. Open it and connect a provider.`)
      onClose()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={saved ? `What ${saved.name} is for` : 'A new agent of the instance'}
      description={saved ? undefined : 'It starts empty: open it, connect a provider and add an agent.'}
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-5">
        {!saved && (
          <Field label="Name" error={errors.name?.message} hint="One word that no other account uses.">
            {(controlProps) => (
              <Input
                {...controlProps}
                maxLength={64}
                autoCapitalize="off"
                autoComplete="off"
                spellCheck={false}
                {...form.register('name')}
              />
            )}
          </Field>
        )}
        <Field label="What it is for" error={errors.purpose?.message} hint="For other admins, in a line.">
          {(controlProps) => (
            <Input {...controlProps} maxLength={200} autoComplete="off" {...form.register('purpose')} />
          )}
        </Field>
        {errorText && <Alert>{errorText}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {saved ? 'Save changes' : 'Create'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
