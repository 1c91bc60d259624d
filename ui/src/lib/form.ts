/** Forms: checked here for a quick answer, and by the server for the true one. */
import { standardSchemaResolver } from '@hookform/resolvers/standard-schema'
import { type FieldValues, type Path, type UseFormProps, type UseFormReturn, useForm } from 'react-hook-form'
import type { ZodMiniType } from 'zod/mini'
import { ApiError, hasCode, message } from '@/api/client'

export function useZodForm<Values extends FieldValues>(
  schema: ZodMiniType<Values, Values>,
  options: UseFormProps<Values>,
): UseFormReturn<Values> {
  return useForm<Values>({ resolver: standardSchemaResolver(schema), mode: 'onTouched', ...options })
}

/**
 * Puts what the server says of fields beside them, focus on the first. Answers with what is left to be
 * said of the form as a whole, if anything.
 */
export function tellForm<Values extends FieldValues>(
  form: UseFormReturn<Values>,
  error: unknown,
): string | null {
  if (!(error instanceof ApiError)) throw error
  if (hasCode(error, 'stale'))
    return 'It was changed in another window meanwhile. Close this and open it again.'
  const fields = new Set(Object.keys(form.getValues()))
  const left: string[] = []
  let focused = false
  for (const { field, message: text } of error.problem.errors ?? []) {
    const name = field.replace(/\[(\d+)\]/g, '.$1')
    if (!fields.has(name.split('.')[0] ?? '')) {
      left.push(text)
      continue
    }
    form.setError(name as Path<Values>, { message: text }, { shouldFocus: !focused })
    focused = true
  }
  if (left.length > 0) return left.join(' ')
  return focused ? null : message(error)
}
