import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Inbox, X } from 'lucide-react'
import { queries } from '@/api/queries'
import type { Job } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Select } from '@/components/ui/field'
import { LoadMore } from '@/components/ui/load-more'
import { SearchInput } from '@/components/ui/search-input'
import { BulkBar } from './bulk-bar'
import { filterOf, isFiltered, type JobSearch } from './job-search'
import { KIND_OPTIONS } from './job-state'
import { JobTable } from './job-table'

const NO_JOBS: Job[] = []

interface Props {
  search: JobSearch
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
  admin: boolean
}

/** The jobs that match the filters, newest first. */
export function JobList({ search, selected, onSelect, admin }: Props) {
  const list = useInfiniteQuery(queries.jobs(filterOf(search)))
  const jobs = list.data?.pages.flatMap((page) => page.items) ?? NO_JOBS
  const filtered = isFiltered(search)
  return (
    <Card className="overflow-hidden">
      {selected.size > 0 ? (
        <BulkBar jobs={jobs.filter((job) => selected.has(job.id))} onDone={() => onSelect(new Set())} />
      ) : (
        <Filters search={search} />
      )}
      {list.isPending && <SkeletonRows rows={8} />}
      {list.isError && !list.data && (
        <LoadError what="The jobs" error={list.error} onRetry={() => list.refetch()} />
      )}
      {list.data && jobs.length === 0 && (
        <EmptyState
          icon={<Inbox aria-hidden />}
          title={filtered ? 'No jobs match these filters' : 'No jobs yet'}
          action={filtered && <ClearFilters />}
        >
          {filtered
            ? undefined
            : 'Jobs such as starting a container or testing a provider appear here, with every step.'}
        </EmptyState>
      )}
      {jobs.length > 0 && <JobTable jobs={jobs} selected={selected} onSelect={onSelect} admin={admin} />}
      <LoadMore list={list} />
    </Card>
  )
}

function ClearFilters() {
  const navigate = useNavigate()
  return (
    <Button variant="ghost" onClick={() => navigate({ to: '/jobs', search: {} })}>
      <X aria-hidden />
      Clear filters
    </Button>
  )
}

const LANES = ['containers', 'providers', 'ingest', 'maintenance']

function Filters({ search }: { search: JobSearch }) {
  const navigate = useNavigate()
  const set = (next: Partial<JobSearch>) =>
    navigate({ to: '/jobs', search: { ...search, ...next }, replace: true })
  return (
    <div className="flex flex-wrap items-center gap-2 border-b p-3">
      <SearchInput
        label="Search by kind or id"
        className="w-72 max-sm:w-full"
        value={search.q ?? ''}
        onChange={(text) => set({ q: text || undefined })}
      />
      <Select
        aria-label="Kind"
        className="w-52 max-sm:flex-1"
        value={search.kind ?? ''}
        onChange={(event) => set({ kind: event.target.value || undefined })}
      >
        <option value="">All kinds</option>
        {KIND_OPTIONS.map(([kind, name]) => (
          <option key={kind} value={kind}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Lane"
        className="w-40 max-sm:flex-1"
        value={search.lane ?? ''}
        onChange={(event) => set({ lane: event.target.value || undefined })}
      >
        <option value="">All lanes</option>
        {LANES.map((lane) => (
          <option key={lane} value={lane}>
            {lane}
          </option>
        ))}
      </Select>
      {isFiltered(search) && <ClearFilters />}
    </div>
  )
}
