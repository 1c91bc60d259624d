import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Bot, Plus } from 'lucide-react'
import { queries } from '@/api/queries'
import { buttonClass } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { useTitle } from '@/lib/use-title'
import { AgentSheet } from './agent-sheet'
import { ContainerCard } from './container-card'

const route = getRouteApi('/_app/settings/agents')

export function AgentsPage() {
  useTitle('Agents')
  const { open } = route.useSearch()
  const navigate = useNavigate()
  const list = useQuery(queries.agents)
  const { data: providers } = useQuery(queries.providers)
  const items = list.data?.items ?? []
  const shown = open === 'new' ? undefined : items.find((agent) => agent.id === open)
  const noModel = providers?.items.every((provider) => provider.models.length === 0) ?? false
  const add = noModel ? (
    <Link to="/settings/providers" search={{}} className={buttonClass('primary', 'md')}>
      Add a provider first
    </Link>
  ) : (
    <Link to="/settings/agents" search={{ open: 'new' }} className={buttonClass('primary', 'md')}>
      <Plus aria-hidden />
      Add agent
    </Link>
  )
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardHeader title="Agents" actions={items.length > 0 && add}>
          Each has a name, a personality and its models. You choose in the chat which one answers.
        </CardHeader>
        {list.isPending && <SkeletonRows rows={2} />}
        {list.isError && !list.data && (
          <LoadError what="Your agents" error={list.error} onRetry={() => list.refetch()} />
        )}
        {list.data && items.length === 0 && (
          <EmptyState icon={<Bot aria-hidden />} title="No agent yet" action={add}>
            Create one and give it a personality.
          </EmptyState>
        )}
        <ul className="divide-y">
          {items.map((agent) => (
            <li key={agent.id} className="relative flex items-center gap-3.5 px-5 py-3.5 hover:bg-surface-2">
              <span
                aria-hidden
                className="flex size-8 shrink-0 items-center justify-center rounded-control bg-primary text-sm font-semibold text-primary-fg"
              >
                {agent.name.slice(0, 1).toUpperCase()}
              </span>
              <div className="min-w-0 flex-1">
                <Link
                  to="/settings/agents"
                  search={{ open: agent.id }}
                  className="font-medium after:absolute after:inset-0 after:content-['']"
                >
                  {agent.name}
                </Link>
                <p className="truncate text-xs text-muted">
                  {agent.personality.identity.split('\n')[0] ||
                    agent.personality.soul.split('\n')[0] ||
                    'No personality written'}
                </p>
              </div>
              <p className="max-w-[45%] truncate font-mono text-xs text-muted max-sm:hidden">{agent.model}</p>
            </li>
          ))}
        </ul>
      </Card>
      <ContainerCard />
      {(open === 'new' || shown) && (
        <AgentSheet
          key={open}
          saved={shown}
          onClose={() => navigate({ to: '/settings/agents', search: {} })}
        />
      )}
    </div>
  )
}
