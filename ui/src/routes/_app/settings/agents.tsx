import { createFileRoute } from '@tanstack/react-router'
import { AgentsPage } from '@/features/settings/agents-page'

interface Search {
  /** The agent that the sheet shows: an id, or `new`. */
  open?: string
}

export const Route = createFileRoute('/_app/settings/agents')({
  validateSearch: ({ open }: Record<string, unknown>): Search => ({
    open: typeof open === 'string' ? open : undefined,
  }),
  component: AgentsPage,
})
