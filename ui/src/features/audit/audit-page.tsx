import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Download, ScrollText, X } from 'lucide-react'
import { buildUrl, isStatus } from '@/api/client'
import { queries } from '@/api/queries'
import { Button, buttonClass } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Select } from '@/components/ui/field'
import { LoadMore } from '@/components/ui/load-more'
import { ForbiddenPage } from '@/features/shell/full-page'
import { TopBar } from '@/features/shell/top-bar'
import { AuditTable } from './audit-table'

const route = getRouteApi('/_app/audit')

/** All audit entries. For admins. */
export function AuditPage() {
  const filter = route.useSearch()
  const navigate = useNavigate()
  const { data: me } = useQuery(queries.me)
  const list = useInfiniteQuery({ ...queries.audit(filter), enabled: me?.role === 'admin' })
  const set = (next: typeof filter) =>
    navigate({ to: '/audit', search: { ...filter, ...next }, replace: true })
  if (me?.role !== 'admin' || isStatus(list.error, 403)) return <ForbiddenPage what="The audit log" />
  const entries = list.data?.pages.flatMap((page) => page.items) ?? []
  const filtered = Boolean(filter.action || filter.actor)
  return (
    <>
      <TopBar
        title="Audit"
        note="Who did what, without the content"
        actions={
          <>
            <Export format="csv" filter={filter} />
            <Export format="jsonl" filter={filter} />
          </>
        }
      />
      <div className="min-h-0 flex-1 overflow-y-auto px-4 py-6 md:px-6">
        <Card className="mx-auto w-full max-w-[1248px] overflow-hidden">
          <div className="flex flex-wrap items-center gap-2 border-b p-3">
            <ActionFilter
              value={filter.action ?? ''}
              onChange={(action) => set({ action: action || undefined })}
            />
            <ActorFilter
              value={filter.actor ?? ''}
              onChange={(actor) => set({ actor: actor || undefined })}
            />
            {filtered && (
              <Button variant="ghost" onClick={() => set({ action: undefined, actor: undefined })}>
                <X aria-hidden />
                Clear filters
              </Button>
            )}
          </div>
          {list.isPending && <SkeletonRows rows={8} />}
          {list.isError && !list.data && (
            <LoadError what="The audit log" error={list.error} onRetry={() => list.refetch()} />
          )}
          {list.data && entries.length === 0 && (
            <EmptyState
              icon={<ScrollText aria-hidden />}
              title={filtered ? 'No entry matches these filters' : 'No entries yet'}
            />
          )}
          {entries.length > 0 && <AuditTable name="Audit log" entries={entries} />}
          <LoadMore list={list} />
        </Card>
      </div>
    </>
  )
}

function Export({
  format,
  filter,
}: {
  format: 'csv' | 'jsonl'
  filter: { action?: string; actor?: string }
}) {
  return (
    <a
      href={buildUrl('/api/audit', { ...filter, format })}
      download={`audit.${format}`}
      aria-label={`Export as ${format.toUpperCase()}`}
      className={buttonClass('secondary', 'md')}
    >
      <Download aria-hidden />
      {format.toUpperCase()}
    </a>
  )
}

/** The prefixes of the actions: `provider` matches `provider.create` and all other provider actions. */
const ACTION_GROUPS: [noun: string, label: string][] = [
  ['auth', 'Signing in and out'],
  ['session', 'Sessions'],
  ['breakglass', 'Admin account'],
  ['oidc', 'Single sign-on'],
  ['user', 'Users'],
  ['provider', 'Providers'],
  ['agent', 'Agents'],
  ['token', 'API tokens'],
  ['container', 'Containers'],
  ['job', 'Jobs'],
  ['settings', 'Settings'],
  ['keys', 'Keys'],
  ['fleet', 'Isolation'],
  ['me', 'Exports'],
  ['lane', 'Lanes'],
  ['schedule', 'Schedules'],
  ['audit', 'Audit log'],
]

function ActionFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Select
      aria-label="About"
      className="w-48 max-sm:flex-1"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Everything</option>
      {value && !ACTION_GROUPS.some(([noun]) => noun === value) && <option value={value}>{value}</option>}
      {ACTION_GROUPS.map(([noun, label]) => (
        <option key={noun} value={noun}>
          {label}
        </option>
      ))}
    </Select>
  )
}

function ActorFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { data } = useQuery(queries.users)
  return (
    <Select
      aria-label="Who"
      className="w-44 max-sm:flex-1"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Everyone</option>
      {data?.items.map((user) => (
        <option key={user.id} value={user.id}>
          {user.displayName || user.username}
        </option>
      ))}
    </Select>
  )
}
