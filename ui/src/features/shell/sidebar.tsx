import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  Activity,
  BookOpen,
  Boxes,
  MessageSquare,
  PanelLeft,
  ScrollText,
  Settings,
  SquarePen,
  Users,
} from 'lucide-react'
import type { ComponentType } from 'react'
import { queries } from '@/api/queries'
import { IconButton } from '@/components/ui/button'
import { ChatList } from './chat-list'
import { Logo } from './logo'
import { UserMenu } from './user-menu'

const ITEM_CLASS =
  'flex h-8 items-center gap-2.5 rounded-control px-2.5 text-sm font-medium text-muted transition-colors duration-100 hover:bg-surface-2 hover:text-fg [&>svg]:size-4'

interface ItemProps {
  to: '/chat' | '/knowledge' | '/jobs' | '/fleet' | '/users' | '/audit' | '/settings'
  icon: ComponentType<{ 'aria-hidden': true }>
  children: string
}

function Item({ to, icon: Icon, children }: ItemProps) {
  return (
    <Link to={to} className={ITEM_CLASS} activeProps={{ className: 'bg-surface-3 text-fg' }}>
      <Icon aria-hidden />
      {children}
    </Link>
  )
}

export function Sidebar({ onCollapse }: { onCollapse?: () => void }) {
  const { data: me } = useQuery(queries.me)
  return (
    <aside aria-label="Sidebar" className="flex min-h-0 w-full flex-1 flex-col">
      {onCollapse && (
        <div className="flex h-14 shrink-0 items-center justify-between pr-2.5 pl-4">
          <Link to="/chat" className="flex items-center gap-2.5 rounded-control text-base font-semibold">
            <Logo />
            Mosaic
          </Link>
          <IconButton label="Hide the sidebar" onClick={onCollapse}>
            <PanelLeft aria-hidden />
          </IconButton>
        </div>
      )}
      <div className="shrink-0 px-2 pt-0.5 max-md:pt-3">
        <Link
          to="/chat"
          activeOptions={{ exact: true }}
          className="flex h-9 items-center gap-2.5 rounded-control border border-line-strong bg-surface px-2.5 text-sm font-medium shadow-card hover:bg-surface-2 [&>svg]:size-4"
        >
          <SquarePen aria-hidden />
          New chat
        </Link>
        <nav aria-label="Main" className="mt-2 flex flex-col gap-0.5">
          <Item to="/chat" icon={MessageSquare}>
            Chat
          </Item>
          <Item to="/knowledge" icon={BookOpen}>
            Knowledge
          </Item>
          <Item to="/jobs" icon={Activity}>
            Jobs
          </Item>
          {me?.role === 'admin' && (
            <>
              <Item to="/fleet" icon={Boxes}>
                Fleet
              </Item>
              <Item to="/users" icon={Users}>
                Users
              </Item>
              <Item to="/audit" icon={ScrollText}>
                Audit
              </Item>
            </>
          )}
          <Item to="/settings" icon={Settings}>
            Settings
          </Item>
        </nav>
      </div>
      <ChatList />
      {me && <UserMenu me={me} />}
    </aside>
  )
}
