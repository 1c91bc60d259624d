import { Field, Input, Select } from '@/components/ui/field'
import { Switch } from '@/components/ui/switch'

interface Spec {
  /** The name in the settings document. */
  name: string
  /** A field inside of it. */
  part?: string
  label: string
  hint: string
  kind: 'number' | 'text' | 'choice' | 'list' | 'switch'
  /** How many of the document's units are one of those shown: 60 where seconds show as minutes. */
  unit?: number
  options?: [value: string, label: string][]
  placeholder?: string
}

/** What the page knows of; a server that does not have a setting does not show it. */
export const SECTIONS: { title: string; about: string; fields: Spec[] }[] = [
  {
    title: 'Address and sessions',
    about: 'How people reach this Mosaic, and how long they stay signed in.',
    fields: [
      {
        name: 'publicUrl',
        label: 'Public address',
        hint: 'As people type it, for example https://fleet.example.org. Empty: by localhost only.',
        kind: 'text',
        placeholder: 'https://fleet.example.org',
      },
      {
        name: 'trustedProxies',
        label: 'Trusted proxies',
        hint: 'Networks whose word about the address of a client is believed.',
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
        hint: 'However much it is used. 1 to 365.',
        kind: 'number',
      },
    ],
  },
  {
    title: 'Containers',
    about:
      'How agents start, sleep and reach the network. Running containers take it over when they start next.',
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
        hint: '0: never. Paused, it uses no processor, keeps its memory, and goes on at once.',
        kind: 'number',
        unit: 60,
      },
      {
        name: 'maxAgeSeconds',
        label: 'Started afresh after hours',
        hint: '0: never. It goes to sleep as soon as nobody uses it then.',
        kind: 'number',
        unit: 3600,
      },
      {
        name: 'memoryBudgetBytes',
        label: 'Memory for all agents in GiB',
        hint: '0: all of the host but 4 GiB. When it is full, the longest unused goes to sleep.',
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
        hint: 'runsc (gVisor) has to be installed on the host.',
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
        label: 'Move to a new image by themselves',
        hint: 'Containers that nobody uses take over a new agent image; where it does not start, they go back.',
        kind: 'switch',
      },
      { name: 'subnetPool', label: 'Subnet pool', hint: 'Every person gets a /28 of it.', kind: 'text' },
    ],
  },
  {
    title: 'Limits of one container',
    about: 'What a single person can use of the host.',
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
        hint: '2000 are two cores.',
        kind: 'number',
      },
      { name: 'limits', part: 'pids', label: 'Processes', hint: 'And threads. At least 32.', kind: 'number' },
      {
        name: 'limits',
        part: 'diskMib',
        label: 'Disk in MiB',
        hint: '0: no limit. Counts for state volumes that are made from then on.',
        kind: 'number',
      },
    ],
  },
  {
    title: 'History',
    about: 'How long things that are over are kept.',
    fields: [
      {
        name: 'jobRetentionDays',
        label: 'Days that finished jobs are kept',
        hint: '0: for ever.',
        kind: 'number',
      },
    ],
  },
]

/** Two digits behind the point are enough to type and to read. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

interface Props {
  field: Spec
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
              value={typeof inner === 'number' ? String(rounded(inner / unit)) : ''}
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
