import { Search } from 'lucide-react'
import { type ComponentProps, useEffect, useState } from 'react'
import { cn } from '@/lib/cn'
import { Input } from './field'

const DEBOUNCE_MS = 300

interface Props extends Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type'> {
  label: string
  value: string
  /** Called when the user pauses typing. */
  onChange: (value: string) => void
}

/** A debounced search input. Follows `value` when that changes elsewhere. */
export function SearchInput({ label, value, onChange, className, ...rest }: Props) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the timer
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => onChange(text.trim()), DEBOUNCE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className={cn('relative max-w-full', className)}>
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 size-4 text-muted" />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        className="pl-9"
        value={text}
        onChange={(event) => setText(event.target.value)}
        {...rest}
      />
    </div>
  )
}
