import { useQuery } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { auth } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Session } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Badge, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { toast } from '@/components/ui/toast'
import { formatDate, timeAgo } from '@/lib/time'
import { useAsyncAction } from '@/lib/use-async-action'
import { useTitle } from '@/lib/use-title'
import { browserOf } from './browser'

export function SessionsPage() {
  useTitle('Sessions')
  const list = useQuery(queries.sessions)
  return (
    <Card>
      <CardHeader title="Sessions">Where you are signed in. End those that you do not recognise.</CardHeader>
      {list.isPending && <SkeletonRows rows={2} />}
      {list.isError && !list.data && (
        <LoadError what="Your sessions" error={list.error} onRetry={() => list.refetch()} />
      )}
      <ul className="divide-y">
        {list.data?.items.map((session) => (
          <Row key={session.id} session={session} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ session }: { session: Session }) {
  const { busy, runAction } = useAsyncAction()
  const name = browserOf(session.userAgent)
  const end = () =>
    runAction(
      async () => {
        await auth.endSession(session.id)
        toast.success('Session ended')
      },
      (error) => toast.error('The session was not ended', error),
    )
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3.5">
      <MonitorSmartphone aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium">{name}</p>
        <p className="text-xs text-muted">
          {session.address && `From ${session.address} · `}last used {timeAgo(session.lastSeenAt)} · ends{' '}
          {formatDate(session.expiresAt)}
          {session.method === 'oidc' && ' · single sign-on'}
        </p>
      </div>
      {session.current ? (
        <Badge tone="ok">This session</Badge>
      ) : (
        <Button variant="danger" size="sm" busy={busy} aria-label={`End session: ${name}`} onClick={end}>
          End session
        </Button>
      )}
    </li>
  )
}
