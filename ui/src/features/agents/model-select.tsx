import { useQuery } from '@tanstack/react-query'
import type { ComponentProps } from 'react'
import { queries } from '@/api/queries'
import { Select } from '@/components/ui/field'

interface Props extends ComponentProps<'select'> {
  /** The label of "no model", if that is allowed. */
  none?: string
  /** The current choice, shown even if no provider lists it now. */
  current?: string
}

/** All models of all providers of the user. */
export function ModelSelect({ none, current, ...rest }: Props) {
  const { data } = useQuery(queries.providers)
  const items = data?.items ?? []
  const known = items.some((provider) =>
    provider.models.some((model) => `${provider.slug}/${model.id}` === current),
  )
  return (
    <Select {...rest}>
      {none !== undefined && <option value="">{none}</option>}
      {current && !known && <option value={current}>{current}</option>}
      {items.map((provider) => (
        <optgroup key={provider.id} label={provider.name}>
          {provider.models.map((model) => (
            <option key={model.id} value={`${provider.slug}/${model.id}`}>
              {model.id}
            </option>
          ))}
        </optgroup>
      ))}
    </Select>
  )
}
