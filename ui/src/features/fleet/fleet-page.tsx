import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Container } from 'lucide-react'
import { isStatus } from '@/api/client'
import { queries } from '@/api/queries'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { ForbiddenPage } from '@/features/shell/full-page'
import { TopBar } from '@/features/shell/top-bar'
import { BudgetCard } from './budget-card'
import { ContainerTable } from './container-table'
import { SelfTestCard } from './self-test-card'
import { SystemContainersCard } from './system-containers-card'

const POLL_INTERVAL_MS = 3000

/** The containers of all users: their state, never their contents. For admins. */
export function FleetPage() {
  const { data: me } = useQuery(queries.me)
  const admin = me?.role === 'admin'
  const list = useInfiniteQuery({ ...queries.fleet, enabled: admin, refetchInterval: POLL_INTERVAL_MS })
  // A failed isolation comes before everything else.
  const { data: selfTest } = useQuery({ ...queries.selfTest, enabled: list.data !== undefined })
  const notEnforced = selfTest?.enforced === false
  if (!admin || isStatus(list.error, 403)) return <ForbiddenPage what="The fleet" />
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  // The budget was read together with the first page.
  const budget = list.data?.pages[0]?.budget
  return (
    <>
      <TopBar title="Fleet" note="The containers of all users, without their contents" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1248px] flex-col gap-4 px-4 py-6 md:px-6">
          {list.data && notEnforced && <SelfTestCard />}
          {budget && <BudgetCard budget={budget} />}
          <Card className="overflow-hidden">
            <CardHeader title="Containers">
              One for each user, with all of their agents. It starts when they chat.
            </CardHeader>
            {list.isPending && <SkeletonRows rows={4} />}
            {list.isError && !list.data && (
              <LoadError what="The containers" error={list.error} onRetry={() => list.refetch()} />
            )}
            {list.data && items.length === 0 && (
              <EmptyState icon={<Container aria-hidden />} title="No container yet">
                A user's container is created with their first message.
              </EmptyState>
            )}
            {items.length > 0 && <ContainerTable items={items} />}
            <LoadMore list={list} label="Show more" />
          </Card>
          {list.data && <SystemContainersCard />}
          {list.data && !notEnforced && <SelfTestCard />}
        </div>
      </div>
    </>
  )
}
