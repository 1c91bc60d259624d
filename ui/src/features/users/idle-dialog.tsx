import { type FormEvent, useState } from 'react'
import { admin } from '@/api/mutations'
import type { User } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { useAsyncAction } from '@/lib/use-async-action'

type Choice = 'instance' | 'never' | 'minutes'

function choiceOf({ idleTimeoutSeconds }: User): Choice {
  if (idleTimeoutSeconds === 0) return 'never'
  return idleTimeoutSeconds ? 'minutes' : 'instance'
}

/** The idle timeout of one user's container. */
export function IdleDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [choice, setChoice] = useState<Choice>(choiceOf(user))
  const [minutes, setMinutes] = useState(String((user.idleTimeoutSeconds || 1800) / 60))
  const { busy, errorText, runAction, setErrorText } = useAsyncAction()
  const seconds = { instance: null, never: 0, minutes: Math.round(Number(minutes) * 60) }[choice]
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (seconds !== null && !(seconds > 0) && choice === 'minutes')
      return setErrorText('Enter a number of minutes.')
    await runAction(async () => {
      await admin.user(user.id, { idleTimeoutSeconds: seconds })
      toast.success('User saved')
      onClose()
    })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`When the container of ${user.displayName || user.username} sleeps`}
      description="A sleeping container takes no memory; the next message wakes it. A running answer counts as use."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={busy} onClick={save}>
            Save changes
          </Button>
        </>
      }
    >
      <form noValidate onSubmit={save} className="grid gap-5 sm:grid-cols-2">
        <Field label="It sleeps">
          {(controlProps) => (
            <Select
              {...controlProps}
              value={choice}
              onChange={(event) => setChoice(event.target.value as Choice)}
            >
              <option value="instance">Instance default</option>
              <option value="minutes">After minutes unused</option>
              <option value="never">Never</option>
            </Select>
          )}
        </Field>
        {choice === 'minutes' && (
          <Field label="Minutes" error={errorText ?? undefined}>
            {(controlProps) => (
              <Input
                {...controlProps}
                type="number"
                inputMode="numeric"
                min={1}
                className="tnum"
                value={minutes}
                onChange={(event) => setMinutes(event.target.value)}
              />
            )}
          </Field>
        )}
        {choice !== 'minutes' && errorText && <p className="text-sm text-bad">{errorText}</p>}
      </form>
    </Dialog>
  )
}
