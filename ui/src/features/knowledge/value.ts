/** Values of memory are JSON; a plain text is shown and typed as it is. */

export type Form = 'text' | 'json'

export function formOf(value: unknown): Form {
  return typeof value === 'string' ? 'text' : 'json'
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

/** What was typed, or why it cannot be. */
export function parse(text: string, form: Form): { value: unknown } | { trouble: string } {
  if (form === 'text') return { value: text }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { trouble: 'This is not JSON. Mind the quotes and commas, or save it as text.' }
  }
}
