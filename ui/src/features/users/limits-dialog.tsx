import { type FormEvent, useState } from 'react'
import { admin } from '@/api/mutations'
import type { User } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { formatBytes } from '@/lib/bytes'
import { useAsyncAction } from '@/lib/use-async-action'

type Limits = User['limits']

const FIELDS: { name: keyof Limits; label: string; hint: string }[] = [
  { name: 'memoryMib', label: 'Memory in MiB', hint: 'OpenClaw needs 2048.' },
  { name: 'cpuMillis', label: 'Thousandths of a core', hint: '2000 is two cores.' },
  { name: 'pids', label: 'Processes', hint: 'Including threads. At least 32.' },
  {
    name: 'diskMib',
    label: 'Disk in MiB',
    hint: '0: no limit. Applies to a state volume that is not created yet.',
  },
]

/** The limits that differ from the instance default; `null` if none do. */
export function customLimitsOf({ limits }: User): string | null {
  const own = [
    limits.memoryMib !== null && formatBytes(limits.memoryMib * 1024 ** 2),
    limits.cpuMillis !== null && `${limits.cpuMillis / 1000} cores`,
    limits.pids !== null && `${limits.pids} processes`,
    limits.diskMib !== null &&
      (limits.diskMib === 0 ? 'no disk limit' : `${formatBytes(limits.diskMib * 1024 ** 2)} of disk`),
  ].filter((part) => part !== false)
  return own.length > 0 ? own.join(', ') : null
}

/** The resource limits of one user's container. */
export function LimitsDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [typed, setTyped] = useState<Record<string, string>>(() =>
    Object.fromEntries(FIELDS.map(({ name }) => [name, String(user.limits[name] ?? '')])),
  )
  const { busy, errorText, runAction } = useAsyncAction()
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const parseLimit = (text = '') => (text.trim() ? Math.round(Number(text)) : null)
    await runAction(async () => {
      await admin.user(user.id, {
        limits: {
          memoryMib: parseLimit(typed.memoryMib),
          cpuMillis: parseLimit(typed.cpuMillis),
          pids: parseLimit(typed.pids),
          diskMib: parseLimit(typed.diskMib),
        },
      })
      toast.success('User saved')
      onClose()
    })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`What the container of ${user.displayName || user.username} may use`}
      description="Empty fields use the instance default. Changes apply at the container's next start."
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
        {FIELDS.map(({ name, label, hint }) => (
          <Field key={name} label={label} hint={hint}>
            {(controlProps) => (
              <Input
                {...controlProps}
                type="number"
                inputMode="numeric"
                min={0}
                className="tnum"
                placeholder="Default"
                value={typed[name]}
                onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        {errorText && <p className="text-sm text-bad sm:col-span-2">{errorText}</p>}
      </form>
    </Dialog>
  )
}
