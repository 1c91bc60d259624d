/** A text of the address; nothing where it is empty or something else. */
export function textParam(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
