import { Menu as MenuIcon, PanelLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '@/components/ui/button'
import { cn } from '@/lib/cn'
import { useTitle } from '@/lib/use-title'
import { useShell } from './shell-context'

interface Props {
  title: string
  note?: ReactNode
  actions?: ReactNode
}

/** The header of every page: its only h1, a one-line note, and actions on the right. */
export function TopBar({ title, note, actions }: Props) {
  useTitle(title)
  const { openDrawer, collapsed, expand } = useShell()
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b bg-bg px-4 md:px-6">
      <IconButton label="Open the menu" className="-ml-1.5 md:hidden" onClick={openDrawer}>
        <MenuIcon aria-hidden />
      </IconButton>
      <IconButton
        label="Show the sidebar"
        className={cn('-ml-2 hidden', collapsed && 'md:inline-flex')}
        onClick={expand}
      >
        <PanelLeft aria-hidden />
      </IconButton>
      <h1 className="min-w-0 truncate text-base">{title}</h1>
      {note && <p className="hidden min-w-0 truncate border-l pl-3 text-sm text-muted sm:block">{note}</p>}
      {actions && <div className="ml-auto flex shrink-0 items-center gap-2">{actions}</div>}
    </header>
  )
}
