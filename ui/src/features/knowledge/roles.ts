import type { ConversationMessage } from '@/api/types'

export const ROLE_LABELS: Record<ConversationMessage['role'], string> = {
  user: 'You',
  assistant: 'Agent',
  tool: 'Tool',
}
