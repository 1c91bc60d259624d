import { createFileRoute } from '@tanstack/react-router'
import { AuditPage } from '@/features/audit/audit-page'
import { textParam } from '@/lib/search-params'

interface Search {
  action?: string
  actor?: string
}

export const Route = createFileRoute('/_app/audit')({
  validateSearch: (search: Record<string, unknown>): Search => ({
    action: textParam(search.action),
    actor: textParam(search.actor),
  }),
  component: AuditPage,
})
