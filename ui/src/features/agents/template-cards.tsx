import { cn } from '@/lib/cn'
import { TEMPLATES, type Template } from './templates'

/** A choice of templates for a personality. */
export function TemplateCards({
  chosen,
  onChoose,
}: {
  chosen: string
  onChoose: (template: Template) => void
}) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">Personality</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {TEMPLATES.map((template) => (
          <label
            key={template.id}
            className={cn(
              'cursor-pointer rounded-panel border border-control bg-surface px-3.5 py-2.5 hover:bg-surface-2',
              'has-checked:border-accent has-checked:bg-accent-soft has-checked:ring-1 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
            )}
          >
            <input
              type="radio"
              name="template"
              className="sr-only"
              checked={chosen === template.id}
              onChange={() => onChoose(template)}
            />
            <span className="block text-sm font-medium">{template.name}</span>
            <span className="block text-xs text-muted">{template.about}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
