import { createFileRoute } from '@tanstack/react-router'
import { type JobSearch, parseSearch } from '@/features/jobs/job-search'
import { JobsPage } from '@/features/jobs/jobs-page'

export const Route = createFileRoute('/_app/jobs')({
  validateSearch: (search: Record<string, unknown>): JobSearch => parseSearch(search),
  component: JobsPage,
})
