import { useQuery } from '@tanstack/react-query'
import type { ComponentProps } from 'react'
import { q } from '@/api/queries'
import { Select } from '@/components/ui/field'

interface Props extends ComponentProps<'select'> {
  /** The word for "no model", where there may be none. */
  none?: string
  /** What is chosen now, shown even when no provider lists it any more. */
  current?: string
}

/** Every model of every provider of this person. */
export function ModelSelect({ none, current, ...rest }: Props) {
  const { data } = useQuery(q.providers)
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
