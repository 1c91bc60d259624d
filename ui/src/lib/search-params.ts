/** A search parameter as text; `undefined` if it is empty or not a string. */
export function textParam(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
