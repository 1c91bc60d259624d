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
  { name: 'cpuMillis', label: 'Thousandths of a core', hint: '2000 are two cores.' },
  { name: 'pids', label: 'Processes', hint: 'And threads. At least 32.' },
  {
    name: 'diskMib',
    label: 'Disk in MiB',
    hint: '0: no limit. Counts for a state volume that is not made yet.',
  },
]

/** What differs from everybody's, in short; nothing where nothing does. */
export function limitsOf({ limits }: User): string | null {
  const own = [
    limits.memoryMib !== null && formatBytes(limits.memoryMib * 1024 ** 2),
    limits.cpuMillis !== null && `${limits.cpuMillis / 1000} cores`,
    limits.pids !== null && `${limits.pids} processes`,
    limits.diskMib !== null &&
      (limits.diskMib === 0 ? 'any disk' : `${formatBytes(limits.diskMib * 1024 ** 2)} of disk`),
  ].filter((part) => part !== false)
  return own.length > 0 ? own.join(', ') : null
}

/** What the container of one person may use, where that is to differ from everybody's. */
export function LimitsDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [typed, setTyped] = useState<Record<string, string>>(() =>
    Object.fromEntries(FIELDS.map(({ name }) => [name, String(user.limits[name] ?? '')])),
  )
  const { busy, errorText, runAction } = useAsyncAction()
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const number = (text = '') => (text.trim() ? Math.round(Number(text)) : null)
    await runAction(async () => {
      await admin.user(user.id, {
        limits: {
          memoryMib: number(typed.memoryMib),
          cpuMillis: number(typed.cpuMillis),
          pids: number(typed.pids),
          diskMib: number(typed.diskMib),
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
      description="An empty field is as everybody’s. It counts when the container starts next; one that runs keeps what it has."
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
                placeholder="As everybody"
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
