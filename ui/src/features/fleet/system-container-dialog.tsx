import { useState } from 'react'
import * as z from 'zod/mini'
import { fleet } from '@/api/mutations'
import type { SystemContainer } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { tellForm, useZodForm } from '@/lib/form'

const schema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name of one word.')),
  purpose: z.string(),
})

/** A new one, or what one that is there is for. Its name stays: programs and logs know it by that. */
export function SystemContainerDialog({ of, onClose }: { of?: SystemContainer; onClose: () => void }) {
  const [trouble, setTrouble] = useState<string | null>(null)
  const form = useZodForm<z.infer<typeof schema>>(schema, {
    defaultValues: { name: of?.name ?? '', purpose: of?.purpose ?? '' },
  })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (typed) => {
    setTrouble(null)
    try {
      if (of) await fleet.changeSystemContainer(of.id, { purpose: typed.purpose })
      else await fleet.createSystemContainer(typed)
      toast.done(of ? 'Purpose saved' : `${typed.name} is made. Open it and connect a provider.`)
      onClose()
    } catch (error) {
      setTrouble(tellForm(form, error))
    }
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={of ? `What ${of.name} is for` : 'A new agent of the instance'}
      description={of ? undefined : 'It begins with nothing: open it, connect a provider, add an agent.'}
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-5">
        {!of && (
          <Field
            label="Name"
            error={errors.name?.message}
            hint="One word; nobody here may be called the same."
          >
            {(wiring) => (
              <Input
                {...wiring}
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
          {(wiring) => <Input {...wiring} maxLength={200} autoComplete="off" {...form.register('purpose')} />}
        </Field>
        {trouble && <Alert>{trouble}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={isSubmitting}>
            {of ? 'Save changes' : 'Make it'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
