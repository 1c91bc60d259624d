import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck, CircleX, Plug, Plus } from 'lucide-react'
import { queries } from '@/api/queries'
import type { Provider } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Badge, EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { useTitle } from '@/lib/use-title'
import { ProviderSheet } from './provider-sheet'

const route = getRouteApi('/_app/settings/providers')

export function ProvidersPage() {
  useTitle('Providers')
  const { open } = route.useSearch()
  const navigate = useNavigate()
  const list = useQuery(queries.providers)
  const items = list.data?.items ?? []
  const shown = open === 'new' ? undefined : items.find((provider) => provider.id === open)
  const close = () => navigate({ to: '/settings/providers', search: {} })
  const add = (
    <Link to="/settings/providers" search={{ open: 'new' }} className={buttonClass('primary', 'md')}>
      <Plus aria-hidden />
      Add provider
    </Link>
  )
  return (
    <Card>
      <CardHeader title="Providers" actions={items.length > 0 && add}>
        Your accounts at companies that run models, or servers of your own. Only your agents use them.
      </CardHeader>
      {list.isPending && <SkeletonRows rows={2} />}
      {list.isError && !list.data && (
        <LoadError what="Your providers" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && items.length === 0 && (
        <EmptyState icon={<Plug aria-hidden />} title="No provider yet" action={add}>
          Agents need a model to think with. Add the account you have, and choose the models.
        </EmptyState>
      )}
      <ul className="divide-y">
        {items.map((provider) => (
          <Row key={provider.id} provider={provider} />
        ))}
      </ul>
      {(open === 'new' || shown) && <ProviderSheet key={open} saved={shown} onClose={close} />}
    </Card>
  )
}

function Row({ provider }: { provider: Provider }) {
  const models = provider.models.map((model) => model.id)
  return (
    <li className="relative flex items-center gap-4 px-5 py-3.5 hover:bg-surface-2">
      <div className="min-w-0 flex-1">
        <Link
          to="/settings/providers"
          search={{ open: provider.id }}
          className="font-medium after:absolute after:inset-0 after:content-['']"
        >
          {provider.name}
        </Link>
        <p className="truncate text-xs text-muted">
          {models.length === 0 ? 'No model chosen' : models.slice(0, 3).join(', ')}
          {models.length > 3 && ` and ${models.length - 3} more`}
        </p>
      </div>
      <p className="hidden text-xs text-muted sm:block">
        {provider.apiKey.set ? (
          <>
            Key ends in <span className="font-mono">{provider.apiKey.endsIn ?? '····'}</span>
          </>
        ) : (
          'No key'
        )}
      </p>
      <TestBadge provider={provider} />
    </li>
  )
}

export function TestBadge({ provider }: { provider: Provider }) {
  const last = provider.lastTest
  if (!last) return <Badge>Not tested</Badge>
  if (last.ok)
    return (
      <Badge tone="ok">
        <CircleCheck aria-hidden />
        Works
      </Badge>
    )
  return (
    <Badge tone="bad">
      <CircleX aria-hidden />
      Test failed
    </Badge>
  )
}
