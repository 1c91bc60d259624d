import type { ConversationMessage } from '@/api/types'

/** Who said it. */
export const ROLES: Record<ConversationMessage['role'], string> = {
  user: 'You',
  assistant: 'Agent',
  tool: 'Tool',
}
