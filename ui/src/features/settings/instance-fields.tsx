import { Field, Input, Select } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'

interface SettingSpec {
  /** The name in the settings document. */
  name: string
  /** A field of that setting. */
  part?: string
  label: string
  hint: string
  kind: 'number' | 'text' | 'choice' | 'list' | 'switch'
  /** How many units of the document are one displayed unit: 60 if seconds are shown as minutes. */
  unit?: number
  options?: [value: string, label: string][]
  placeholder?: string
}

/** The settings that the page knows. One that the server does not have is not shown. */
export const SECTIONS: { title: string; about: string; fields: SettingSpec[] }[] = [
  {
    title: 'Address and sessions',
    about: 'How people reach this Mosaic, and how long they stay signed in.',
    fields: [
      {
        name: 'publicUrl',
        label: 'Public address',
        hint: 'As people type it, for example https://fleet.example.org. Empty: localhost only.',
        kind: 'text',
        placeholder: 'https://fleet.example.org',
      },
      {
        name: 'trustedProxies',
        label: 'Trusted proxies',
        hint: 'Networks whose forwarded client addresses are trusted.',
        kind: 'list',
      },
      {
        name: 'sessionIdleHours',
        label: 'Session ends after hours unused',
        hint: '1 to 8760.',
        kind: 'number',
      },
      {
        name: 'sessionDays',
        label: 'Session ends after days',
        hint: 'Even while it is used. 1 to 365.',
        kind: 'number',
      },
    ],
  },
  {
    title: 'Containers',
    about:
      'How agents start, sleep and reach the network. Running containers apply changes at their next start.',
    fields: [
      {
        name: 'idleTimeoutMinutes',
        label: 'Asleep after minutes unused',
        hint: '0: never. A running answer counts as use.',
        kind: 'number',
      },
      {
        name: 'pauseAfterSeconds',
        label: 'Paused after minutes unused',
        hint: '0: never. A paused container uses no CPU, keeps its memory and continues at once.',
        kind: 'number',
        unit: 60,
      },
      {
        name: 'maxAgeSeconds',
        label: 'Restarted after hours',
        hint: '0: never. After that it goes to sleep as soon as it is idle.',
        kind: 'number',
        unit: 3600,
      },
      {
        name: 'memoryBudgetBytes',
        label: 'Memory for all agents in GiB',
        hint: '0: all host memory except 4 GiB. When it is full, the container that has been idle longest goes to sleep.',
        kind: 'number',
        unit: 1024 ** 3,
      },
      { name: 'startTimeoutSeconds', label: 'Seconds a start may take', hint: '10 to 540.', kind: 'number' },
      {
        name: 'networkPolicy',
        label: 'Network of agents',
        hint: 'Whether agents reach the internet.',
        kind: 'choice',
        options: [
          ['open', 'Open: agents reach the internet'],
          ['closed', 'Closed: only their model providers'],
        ],
      },
      {
        name: 'containerRuntime',
        label: 'Container runtime',
        hint: 'runsc (gVisor) must be installed on the host.',
        kind: 'choice',
        options: [
          ['runc', 'runc'],
          ['runsc', 'runsc (gVisor)'],
        ],
      },
      { name: 'agentImage', label: 'Agent image', hint: 'It must be on the host already.', kind: 'text' },
      {
        name: 'wakeEarly',
        label: 'Wake agents early',
        hint: 'Signing in or opening the chat wakes them before the first message.',
        kind: 'switch',
      },
      {
        name: 'autoUpdate',
        label: 'Update to a new image automatically',
        hint: 'Idle containers move to a new agent image. If it does not start, they go back to the old one.',
        kind: 'switch',
      },
      { name: 'subnetPool', label: 'Subnet pool', hint: 'Each user gets a /28 from it.', kind: 'text' },
    ],
  },
  {
    title: 'Limits of one container',
    about: 'What a single user can use of the host.',
    fields: [
      {
        name: 'limits',
        part: 'memoryMib',
        label: 'Memory in MiB',
        hint: 'OpenClaw needs 2048.',
        kind: 'number',
      },
      {
        name: 'limits',
        part: 'cpuMillis',
        label: 'Thousandths of a core',
        hint: '2000 is two cores.',
        kind: 'number',
      },
      {
        name: 'limits',
        part: 'pids',
        label: 'Processes',
        hint: 'Including threads. At least 32.',
        kind: 'number',
      },
      {
        name: 'limits',
        part: 'diskMib',
        label: 'Disk in MiB',
        hint: '0: no limit. Applies to state volumes created from then on.',
        kind: 'number',
      },
    ],
  },
  {
    title: 'History',
    about: 'How long finished jobs are kept.',
    fields: [
      {
        name: 'jobRetentionDays',
        label: 'Days that finished jobs are kept',
        hint: '0: forever.',
        kind: 'number',
      },
    ],
  },
]

function roundToHundredths(value: number): number {
  return Math.round(value * 100) / 100
}

interface Props {
  field: SettingSpec
  value: unknown
  error?: string
  onChange: (value: unknown) => void
}

export function SettingField({ field, value, error, onChange }: Props) {
  const inner = field.part ? (value as Record<string, unknown>)[field.part] : value
  const set = (next: unknown) =>
    onChange(field.part ? { ...(value as Record<string, unknown>), [field.part]: next } : next)
  if (field.kind === 'switch')
    return <Switch label={field.label} hint={field.hint} checked={inner === true} onChange={set} />
  const unit = field.unit ?? 1
  return (
    <Field label={field.label} hint={field.hint} error={error}>
      {(controlProps) => {
        if (field.kind === 'choice') {
          const known = field.options?.some(([option]) => option === inner)
          return (
            <Select {...controlProps} value={String(inner)} onChange={(event) => set(event.target.value)}>
              {!known && <option value={String(inner)}>{String(inner)}</option>}
              {field.options?.map(([option, label]) => (
                <option key={option} value={option}>
                  {label}
                </option>
              ))}
            </Select>
          )
        }
        if (field.kind === 'number')
          return (
            <Input
              {...controlProps}
              type="number"
              inputMode="numeric"
              className="tnum"
              step="any"
              min={0}
              value={typeof inner === 'number' ? String(roundToHundredths(inner / unit)) : ''}
              onChange={(event) =>
                set(event.target.value === '' ? null : Math.round(Number(event.target.value) * unit))
              }
            />
          )
        if (field.kind === 'list')
          return (
            <Input
              {...controlProps}
              spellCheck={false}
              defaultValue={Array.isArray(inner) ? inner.join(', ') : ''}
              onChange={(event) => set(event.target.value.split(/[\s,]+/).filter(Boolean))}
            />
          )
        return (
          <Input
            {...controlProps}
            spellCheck={false}
            autoCapitalize="off"
            placeholder={field.placeholder}
            value={typeof inner === 'string' ? inner : ''}
            onChange={(event) =>
              set(event.target.value === '' && field.name === 'publicUrl' ? null : event.target.value)
            }
          />
        )
      }}
    </Field>
  )
}
