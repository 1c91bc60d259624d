import { createFileRoute } from '@tanstack/react-router'
import { JobSheet } from '@/features/jobs/job-sheet'

export const Route = createFileRoute('/_app/jobs/$id')({ component: JobSheet })
