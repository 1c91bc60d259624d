import { useInfiniteQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { q } from '@/api/queries'
import { Card, CardHead } from '@/components/ui/card'
import { Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { ShowOlder } from '@/components/ui/show-older'
import { AuditTable } from '@/features/audit/audit-table'
import { useTitle } from '@/lib/use-title'

export function ActivityPage() {
  useTitle('Activity')
  const list = useInfiniteQuery(q.activity)
  const entries = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card className="overflow-hidden">
      <CardHead title="Activity">What you, your programs and admins did with what is yours.</CardHead>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Your activity" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && entries.length === 0 && (
        <Empty icon={<History aria-hidden />} title="Nothing yet">
          As soon as something happens with what is yours, it is listed here.
        </Empty>
      )}
      {entries.length > 0 && <AuditTable name="Activity" entries={entries} />}
      <ShowOlder list={list} />
    </Card>
  )
}
