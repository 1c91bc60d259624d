import { lazy, Suspense, useState } from 'react'
import { type UseFormReturn, useWatch } from 'react-hook-form'
import { Textarea } from '@/components/ui/field'
import { cn } from '@/lib/cn'
import { formatNumber } from '@/lib/time'
import type { AgentFormValues } from './agent-form'

const Markdown = lazy(() =>
  import('@/components/markdown/markdown').then((module) => ({ default: module.Markdown })),
)

const PARTS = [
  {
    name: 'soul',
    label: 'How it behaves',
    hint: 'Tone, manners, what it always or never does.',
    maxChars: 20_000,
  },
  { name: 'identity', label: 'Who it is', hint: 'Its job and what it is good at.', maxChars: 20_000 },
  {
    name: 'user',
    label: 'About you',
    hint: 'What it should know about you: name, work, language, habits.',
    maxChars: 4_000,
  },
] as const

/** The three markdown texts of an agent's personality, with a preview. */
export function PersonalityEditor({ form }: { form: UseFormReturn<AgentFormValues> }) {
  const [part, setPart] = useState<(typeof PARTS)[number]>(PARTS[0])
  const [preview, setPreview] = useState(false)
  const personality = useWatch({ control: form.control, name: 'personality' })
  const text = personality[part.name]
  const error = form.formState.errors.personality?.[part.name]?.message
  return (
    <section aria-label="Personality">
      <div className="flex flex-wrap items-center gap-1">
        {PARTS.map((one) => (
          <Tab key={one.name} pressed={part.name === one.name} onPress={() => setPart(one)}>
            {one.label}
          </Tab>
        ))}
        <span className="ml-auto" />
        <Tab pressed={preview} onPress={() => setPreview(!preview)}>
          Preview
        </Tab>
      </div>
      {preview ? (
        <div className="mt-2 min-h-40 rounded-control border bg-surface-2 px-3.5 py-3">
          {text.trim() ? (
            <Suspense>
              <Markdown text={text} />
            </Suspense>
          ) : (
            <p className="text-sm text-muted">Nothing here yet.</p>
          )}
        </div>
      ) : (
        <Textarea
          key={part.name}
          aria-label={part.label}
          aria-invalid={error ? true : undefined}
          className="mt-2 min-h-40 font-mono text-sm leading-5"
          {...form.register(`personality.${part.name}`)}
        />
      )}
      <div className="mt-1.5 flex justify-between gap-4 text-xs text-muted">
        <p className={cn(error && 'text-bad')}>{error ?? part.hint}</p>
        <p className="tnum shrink-0">
          {formatNumber(text.length)} of {formatNumber(part.maxChars)}
        </p>
      </div>
    </section>
  )
}

function Tab({ pressed, onPress, children }: { pressed: boolean; onPress: () => void; children: string }) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onPress}
      className="h-7 rounded-control px-2.5 text-xs font-medium text-muted hover:bg-surface-2 aria-pressed:bg-surface-3 aria-pressed:text-fg"
    >
      {children}
    </button>
  )
}
