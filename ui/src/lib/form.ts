/** Forms are validated here for fast feedback; the server's validation is authoritative. */
import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { type FieldValues, type Path, type UseFormProps, type UseFormReturn, useForm } from 'react-hook-form'
import type { ZodMiniType } from 'zod/mini'
import { ApiError, errorMessage, hasCode } from '@/api/client'

export function useZodForm<Values extends FieldValues>(
  schema: ZodMiniType<Values, Values>,
  options: UseFormProps<Values>,
): UseFormReturn<Values> {
  return useForm<Values>({ resolver: standardSchemaResolver(schema), mode: 'onTouched', ...options })
}

/**
 * Shows the server's field errors beside their fields and focuses the first. Returns the message for the form as a whole,
 * or `null` if every error has a field.
 */
export function applyServerErrors<Values extends FieldValues>(
  form: UseFormReturn<Values>,
  error: unknown,
): string | null {
  if (!(error instanceof ApiError)) throw error
  if (hasCode(error, 'stale'))
    return 'This was changed elsewhere in the meantime. Close it and open it again.'
  const fields = new Set(Object.keys(form.getValues()))
  const unmatched: string[] = []
  let focused = false
  for (const { field, message: text } of error.problem.errors ?? []) {
    const name = field.replace(/\[(\d+)\]/g, '.$1')
    if (!fields.has(name.split('.')[0] ?? '')) {
      unmatched.push(text)
      continue
    }
    form.setError(name as Path<Values>, { message: text }, { shouldFocus: !focused })
    focused = true
  }
  if (unmatched.length > 0) return unmatched.join(' ')
  return focused ? null : errorMessage(error)
}
