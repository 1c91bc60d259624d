import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Ellipsis, Pencil, Trash2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Chat } from '@/api/types'
import { Menu, MenuItem } from '@/components/ui/menu'
import { deleteChat } from './delete-chat'

const RenameChat = lazy(() => import('./rename-chat'))

export function titleOf(chat: { title: string }): string {
  return chat.title || 'New chat'
}

export function ChatRow({ chat }: { chat: Chat }) {
  const [renaming, setRenaming] = useState(false)
  const navigate = useNavigate()
  const { id: open } = useParams({ strict: false })
  const remove = () => {
    deleteChat(chat)
    if (open === chat.id) void navigate({ to: '/chat' })
  }
  return (
    <li className="group/row relative">
      <Link
        to="/chat/$id"
        params={{ id: chat.id }}
        className="flex h-8 items-center rounded-control px-2.5 text-sm text-muted transition-colors duration-100 group-hover/row:bg-surface-2 group-hover/row:text-fg group-hover/row:pr-9 pointer-coarse:pr-9"
        activeProps={{ className: 'bg-surface-3 text-fg pr-9' }}
      >
        <span className="min-w-0 truncate">{titleOf(chat)}</span>
      </Link>
      <Menu
        align="end"
        trigger={
          <button
            type="button"
            aria-label={`Actions for ${titleOf(chat)}`}
            className="absolute top-1 right-1 flex size-6 items-center justify-center rounded-chip text-muted opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 hover:bg-surface-3 hover:text-fg data-popup-open:opacity-100 pointer-coarse:opacity-100"
          >
            <Ellipsis aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem onSelect={() => setRenaming(true)}>
          <Pencil aria-hidden />
          Rename
        </MenuItem>
        <MenuItem danger onSelect={remove}>
          <Trash2 aria-hidden />
          Delete
        </MenuItem>
      </Menu>
      {renaming && (
        <Suspense>
          <RenameChat chat={chat} onClose={() => setRenaming(false)} />
        </Suspense>
      )}
    </li>
  )
}
