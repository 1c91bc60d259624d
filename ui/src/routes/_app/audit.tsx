import { createFileRoute } from '@tanstack/react-router'
import { AuditPage } from '@/features/audit/audit-page'

interface Search {
  action?: string
  actor?: string
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

export const Route = createFileRoute('/_app/audit')({
  validateSearch: (search: Record<string, unknown>): Search => ({
    action: text(search.action),
    actor: text(search.actor),
  }),
  component: AuditPage,
})
