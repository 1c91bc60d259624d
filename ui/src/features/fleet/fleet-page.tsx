import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Container } from 'lucide-react'
import { isStatus } from '@/api/client'
import { q } from '@/api/queries'
import { Card, CardHead } from '@/components/ui/card'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { ShowOlder } from '@/components/ui/show-older'
import { ForbiddenPage } from '@/features/shell/full-page'
import { TopBar } from '@/features/shell/top-bar'
import { BudgetCard } from './budget-card'
import { ContainerTable } from './container-table'
import { SelfTestCard } from './self-test-card'
import { SystemContainersCard } from './system-containers-card'

const LOOK_MS = 3000

/** Everybody's containers: how they are, never what is in them. For admins. */
export function FleetPage() {
  const { data: me } = useQuery(q.me)
  const admin = me?.role === 'admin'
  const list = useInfiniteQuery({ ...q.fleet, enabled: admin, refetchInterval: LOOK_MS })
  // Walls that are not in force come before everything else.
  const { data: selfTest } = useQuery({ ...q.selfTest, enabled: list.data !== undefined })
  const open = selfTest?.enforced === false
  if (!admin || isStatus(list.error, 403)) return <ForbiddenPage what="The fleet" />
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  // Read at one moment with the first page.
  const budget = list.data?.pages[0]?.budget
  return (
    <>
      <TopBar title="Fleet" note="Everybody's containers, without what is in them" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1248px] flex-col gap-4 px-4 py-6 md:px-6">
          {list.data && open && <SelfTestCard />}
          {budget && <BudgetCard budget={budget} />}
          <Card className="overflow-hidden">
            <CardHead title="Containers">
              One for each person, with all of their agents. It starts when they chat.
            </CardHead>
            {list.isPending && <SkeletonRows rows={4} />}
            {list.isError && !list.data && (
              <LoadError what="The containers" error={list.error} onRetry={() => list.refetch()} />
            )}
            {list.data && items.length === 0 && (
              <Empty icon={<Container aria-hidden />} title="No container yet">
                The first message of somebody makes theirs.
              </Empty>
            )}
            {items.length > 0 && <ContainerTable items={items} />}
            <ShowOlder list={list} label="Show more" />
          </Card>
          {list.data && <SystemContainersCard />}
          {list.data && !open && <SelfTestCard />}
        </div>
      </div>
    </>
  )
}
