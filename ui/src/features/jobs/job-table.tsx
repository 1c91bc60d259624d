import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { queries } from '@/api/queries'
import type { Job } from '@/api/types'
import { Checkbox } from '@/components/ui/field'
import { TableHeaderRow } from '@/components/ui/table'
import { formatDateTime, timeAgo } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { kindLabel, StateBadge } from './job-state'

const route = getRouteApi('/_app/jobs')

interface Props {
  jobs: Job[]
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
  admin: boolean
}

export function JobTable({ jobs, selected, onSelect, admin }: Props) {
  const now = useNow(10_000)
  const all = jobs.every((job) => selected.has(job.id))
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    onSelect(next)
  }
  return (
    <table aria-label="Jobs" className="w-full text-sm">
      <thead>
        <TableHeaderRow>
          <th scope="col" className="w-11 pl-5!">
            <Checkbox
              aria-label="Select all jobs shown"
              className="block"
              checked={all}
              onChange={() => onSelect(all ? new Set() : new Set(jobs.map((job) => job.id)))}
            />
          </th>
          <th scope="col">Job</th>
          <th scope="col" className="max-sm:hidden">
            State
          </th>
          <th scope="col" className="max-md:hidden">
            Lane
          </th>
          <th scope="col" className="text-right max-md:hidden">
            Attempt
          </th>
          <th scope="col" className="pr-5! text-right max-sm:hidden">
            Created
          </th>
        </TableHeaderRow>
      </thead>
      <tbody className="divide-y">
        {jobs.map((job) => (
          <Row
            key={job.id}
            job={job}
            now={now}
            admin={admin}
            selected={selected.has(job.id)}
            onSelect={(on) => toggle(job.id, on)}
          />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  job: Job
  now: number
  admin: boolean
  selected: boolean
  onSelect: (on: boolean) => void
}

function Row({ job, now, admin, selected, onSelect }: RowProps) {
  const search = route.useSearch()
  const owner = useOwnerName(admin ? job.owner : undefined)
  const name = kindLabel(job.kind)
  return (
    <tr className="group hover:bg-surface-2 [&>td]:px-3 [&>td]:py-2.5">
      <td className="pl-5!">
        <Checkbox
          aria-label={`Select ${name} ${shortId(job.id)}`}
          className="block"
          checked={selected}
          onChange={(event) => onSelect(event.target.checked)}
        />
      </td>
      <td className="min-w-0">
        <Link to="/jobs/$id" params={{ id: job.id }} search={search} className="font-medium hover:underline">
          {name}
        </Link>
        <p className="text-xs text-muted">
          <span className="font-mono">{shortId(job.id)}</span>
          {owner && ` · ${owner}`}
        </p>
        <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 sm:hidden">
          <StateBadge job={job} />
          <span className="text-xs text-muted">{timeAgo(job.createdAt, now)}</span>
        </div>
      </td>
      <td className="max-sm:hidden">
        <StateBadge job={job} />
      </td>
      <td className="text-muted max-md:hidden">{job.lane}</td>
      <td className="tnum text-right text-muted max-md:hidden">
        {job.attempt} / {job.maxAttempts}
      </td>
      <td className="tnum pr-5! text-right whitespace-nowrap text-muted max-sm:hidden">
        <time dateTime={job.createdAt} title={formatDateTime(job.createdAt)}>
          {timeAgo(job.createdAt, now)}
        </time>
      </td>
    </tr>
  )
}

/** The end of an id is random; its beginning is the time. */
export function shortId(id: string): string {
  return id.slice(-8)
}

/** The name of a job's owner, for admins. `null` for `undefined`. */
export function useOwnerName(owner: string | null | undefined): string | null {
  const { data } = useQuery({ ...queries.users, enabled: typeof owner === 'string', staleTime: 60_000 })
  if (owner === undefined) return null
  if (owner === null) return 'Mosaic'
  const user = data?.items.find((one) => one.id === owner)
  return user ? user.displayName || user.username : 'another user'
}
