import { useInfiniteQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { queries } from '@/api/queries'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { LoadMore } from '@/components/ui/load-more'
import { AuditTable } from '@/features/audit/audit-table'
import { useTitle } from '@/lib/use-title'

export function ActivityPage() {
  useTitle('Activity')
  const list = useInfiniteQuery(queries.activity)
  const entries = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card className="overflow-hidden">
      <CardHeader title="Activity">
        What you, your programs and admins did with your account and data.
      </CardHeader>
      {list.isPending && <SkeletonRows rows={5} />}
      {list.isError && !list.data && (
        <LoadError what="Your activity" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && entries.length === 0 && (
        <EmptyState icon={<History aria-hidden />} title="Nothing yet">
          Actions on your account and data are listed here.
        </EmptyState>
      )}
      {entries.length > 0 && <AuditTable name="Activity" entries={entries} />}
      <LoadMore list={list} />
    </Card>
  )
}
