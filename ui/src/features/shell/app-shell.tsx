import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { cn } from '@/lib/cn'
import { ImpersonationBar } from './impersonation-bar'
import { ShellContext } from './shell-context'
import { Sidebar } from './sidebar'

const Drawer = lazy(() => import('./drawer'))

/** Sidebar and page. On narrow screens the sidebar becomes a drawer. */
export function AppShell() {
  const [collapsed, setCollapsed] = useState(false)
  const [drawer, setDrawer] = useState<'never' | 'open' | 'closed'>('never')
  const path = useRouterState({ select: (state) => state.location.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: navigation closes the drawer
  useEffect(() => setDrawer((now) => (now === 'open' ? 'closed' : now)), [path])
  useNewChatShortcut()
  return (
    <ShellContext
      value={{ openDrawer: () => setDrawer('open'), collapsed, expand: () => setCollapsed(false) }}
    >
      <a
        href="#main"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-control bg-primary px-3 py-1.5 text-sm font-medium text-primary-fg focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="flex h-full">
        <div className={cn('hidden w-62 shrink-0 border-r bg-sidebar', !collapsed && 'md:flex')}>
          <Sidebar onCollapse={() => setCollapsed(true)} />
        </div>
        <main id="main" tabIndex={-1} data-quiet-focus className="flex min-w-0 flex-1 flex-col outline-none">
          <ImpersonationBar />
          <Outlet />
        </main>
      </div>
      {drawer !== 'never' && (
        <Suspense>
          <Drawer open={drawer === 'open'} onClose={() => setDrawer('closed')} />
        </Suspense>
      )}
    </ShellContext>
  )
}

/** Ctrl+Shift+O (or Cmd) opens a new chat. */
function useNewChatShortcut(): void {
  const navigate = useNavigate()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key.toLowerCase() !== 'o') return
      event.preventDefault()
      void navigate({ to: '/chat' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [navigate])
}
