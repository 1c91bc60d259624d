/** Memory values are JSON; strings are shown and edited without quotes. */

export type ValueFormat = 'text' | 'json'

export function formatOf(value: unknown): ValueFormat {
  return typeof value === 'string' ? 'text' : 'json'
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

export function parseValue(text: string, format: ValueFormat): { value: unknown } | { errorText: string } {
  if (format === 'text') return { value: text }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { errorText: 'This is not valid JSON. Check the quotes and commas, or save it as text.' }
  }
}
