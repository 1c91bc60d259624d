import { Plus, X } from 'lucide-react'
import { useId, useMemo, useState } from 'react'
import type { ProviderModel } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Checkbox, Input } from '@/components/ui/field'

interface Props {
  chosen: string[]
  onChange: (chosen: string[]) => void
  /** The models of the provider; `null` before they were loaded. */
  offered: ProviderModel[] | null
  /** Loads the models; absent while fields are missing. */
  onLoad?: () => void
  loading: boolean
  error?: string
}

const MAX_ROWS = 100

/** Chooses the models that agents may use, from the provider's list or by id. */
export function ModelPicker({ chosen, onChange, offered, onLoad, loading, error }: Props) {
  const [text, setText] = useState('')
  const id = useId()
  const add = (model: string) => {
    const name = model.trim()
    if (name && !chosen.includes(name)) onChange([...chosen, name])
    setText('')
  }
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Models</legend>
      <Chosen chosen={chosen} onChange={onChange} />
      <div className="flex gap-2">
        <Input
          id={id}
          aria-label={offered ? 'Search the models, or type an id' : 'Model id'}
          aria-describedby={error ? `${id}-error` : `${id}-hint`}
          aria-invalid={error ? true : undefined}
          placeholder={offered ? 'Search the list, or type an id' : 'Type a model id'}
          autoCapitalize="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !text.trim()) return
            event.preventDefault()
            add(text)
          }}
        />
        {text.trim() ? (
          <Button onClick={() => add(text)}>
            <Plus aria-hidden />
            Add
          </Button>
        ) : (
          !offered && (
            <Button busy={loading} disabled={!onLoad} onClick={onLoad}>
              Load the list
            </Button>
          )
        )}
      </div>
      {offered && <Offered offered={offered} search={text} chosen={chosen} onChange={onChange} />}
      {error && (
        <p id={`${id}-error`} className="text-xs text-bad">
          {error}
        </p>
      )}
      <p id={`${id}-hint`} className="text-xs text-muted">
        {offered
          ? 'Agents use the models you choose here.'
          : 'Load the list from the provider, or type the id of a model and press Enter.'}
      </p>
    </fieldset>
  )
}

function Chosen({ chosen, onChange }: Pick<Props, 'chosen' | 'onChange'>) {
  if (chosen.length === 0) return null
  return (
    <ul aria-label="Chosen models" className="flex flex-wrap gap-1.5">
      {chosen.map((model) => (
        <li
          key={model}
          className="inline-flex max-w-full items-center gap-0.5 rounded-chip border bg-surface-2 pl-2 text-xs"
        >
          <span className="truncate font-mono">{model}</span>
          <button
            type="button"
            aria-label={`Remove ${model}`}
            onClick={() => onChange(chosen.filter((other) => other !== model))}
            className="flex size-6 shrink-0 items-center justify-center text-muted hover:text-fg"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        </li>
      ))}
    </ul>
  )
}

interface OfferedProps extends Pick<Props, 'chosen' | 'onChange'> {
  offered: ProviderModel[]
  search: string
}

function Offered({ offered, search, chosen, onChange }: OfferedProps) {
  const found = useMemo(() => {
    const words = search.trim().toLowerCase()
    return offered.filter((model) => `${model.id} ${model.name ?? ''}`.toLowerCase().includes(words))
  }, [offered, search])
  if (found.length === 0)
    return (
      <p className="text-xs text-muted">No model in the list matches. Press Enter to use the id as typed.</p>
    )
  return (
    <ul
      aria-label="Models of this provider"
      className="hairline max-h-52 overflow-y-auto rounded-control border bg-surface p-1"
    >
      {found.slice(0, MAX_ROWS).map((model) => (
        <li key={model.id}>
          <label className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-chip px-2 text-sm hover:bg-surface-2">
            <Checkbox
              checked={chosen.includes(model.id)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, model.id] : chosen.filter((other) => other !== model.id),
                )
              }
            />
            <span className="min-w-0 flex-1 truncate font-mono text-xs">{model.id}</span>
            {model.name && <span className="truncate text-xs text-muted">{model.name}</span>}
          </label>
        </li>
      ))}
      {found.length > MAX_ROWS && (
        <li className="px-2 py-1.5 text-xs text-muted">
          {found.length - MAX_ROWS} more. Search to narrow them down.
        </li>
      )}
    </ul>
  )
}
