import { createFileRoute } from '@tanstack/react-router'
import { KnowledgePage } from '@/features/knowledge/knowledge-page'
import { type KnowledgeSearch, parseSearch } from '@/features/knowledge/knowledge-search'

export const Route = createFileRoute('/_app/knowledge')({
  validateSearch: (search: Record<string, unknown>): KnowledgeSearch => parseSearch(search),
  component: KnowledgePage,
})
