import { createFileRoute } from '@tanstack/react-router'
import { ProvidersPage } from '@/features/settings/providers-page'

interface Search {
  /** The provider that the sheet shows: an id, or `new`. */
  open?: string
}

export const Route = createFileRoute('/_app/settings/providers')({
  validateSearch: ({ open }: Record<string, unknown>): Search => ({
    open: typeof open === 'string' ? open : undefined,
  }),
  component: ProvidersPage,
})
