import { createFileRoute } from '@tanstack/react-router'
import { NewChatPage } from '@/features/chat/new-chat-page'

export const Route = createFileRoute('/_app/chat/')({ component: NewChatPage })
