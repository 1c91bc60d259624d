import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { queries } from '@/api/queries'
import { TopBar } from '@/features/shell/top-bar'

type Path =
  | '/settings/providers'
  | '/settings/agents'
  | '/settings/tokens'
  | '/settings/sessions'
  | '/settings/activity'
  | '/settings/data'
  | '/settings/sign-in'
  | '/settings/instance'

const PERSONAL_PAGES: [Path, string][] = [
  ['/settings/providers', 'Providers'],
  ['/settings/agents', 'Agents'],
  ['/settings/tokens', 'API tokens'],
  ['/settings/sessions', 'Sessions'],
  ['/settings/activity', 'Activity'],
  ['/settings/data', 'My data'],
]
const ADMIN_PAGES: [Path, string][] = [
  ['/settings/sign-in', 'Sign-in'],
  ['/settings/instance', 'Instance'],
]

export function SettingsLayout() {
  const { data: me } = useQuery(queries.me)
  const bar = useRef<HTMLElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  // On narrow screens the bar scrolls; the current entry must be visible.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the page changes
  useEffect(
    () =>
      bar.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }),
    [path],
  )
  return (
    <>
      <TopBar title="Settings" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1040px] flex-col md:flex-row md:gap-10 md:px-6">
          <nav
            ref={bar}
            aria-label="Settings"
            className="hairline sticky top-0 z-10 flex shrink-0 gap-1 overflow-x-auto border-b bg-bg px-3 py-2 md:static md:w-44 md:flex-col md:gap-0.5 md:overflow-visible md:border-b-0 md:px-0 md:py-8"
          >
            <Group
              label={me?.keptBy ? me.username : 'Yours'}
              items={
                me?.keptBy ? PERSONAL_PAGES.filter(([path]) => path !== '/settings/sessions') : PERSONAL_PAGES
              }
            />
            {me?.role === 'admin' && <Group label="This Mosaic" items={ADMIN_PAGES} />}
          </nav>
          <div className="min-w-0 flex-1 px-4 py-6 md:px-0 md:py-8">
            <Outlet />
          </div>
        </div>
      </div>
    </>
  )
}

function Group({ label, items }: { label: string; items: [Path, string][] }) {
  return (
    <>
      <p className="hidden px-2.5 pt-3 pb-1 text-2xs font-medium text-subtle first:pt-0 md:block">{label}</p>
      {items.map(([to, name]) => (
        <Link
          key={to}
          to={to}
          className="flex h-8 shrink-0 items-center rounded-control px-2.5 text-sm font-medium text-muted hover:bg-surface-2 hover:text-fg"
          activeProps={{ className: 'bg-surface-3 text-fg' }}
        >
          {name}
        </Link>
      ))}
    </>
  )
}
