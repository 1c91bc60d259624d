import { getRouteApi, Link } from '@tanstack/react-router'
import { TAB_BAR, tabClass } from '@/components/ui/tabs'
import { TopBar } from '@/features/shell/top-bar'
import { Conversations } from './conversations'
import { Findings } from './findings'
import { IndexState } from './index-state'
import { Memories } from './memories'
import { TABS, type Tab } from './search'

const route = getRouteApi('/_app/knowledge')

const NAMES: Record<Tab, string> = {
  findings: 'Findings',
  memory: 'Memory',
  conversations: 'Conversations',
}

/** What your agents found out, keep in mind and have said. Nobody else's is ever here. */
export function KnowledgePage() {
  const { tab: named } = route.useSearch()
  const tab: Tab = named ?? 'findings'
  return (
    <>
      <TopBar title="Knowledge" note="What your agents know. Only you can see it." />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[960px] flex-col gap-4 px-4 py-5 md:px-6">
          <nav aria-label="Parts of your knowledge" className={TAB_BAR}>
            {TABS.map((one) => (
              <Link
                key={one}
                to="/knowledge"
                search={one === 'findings' ? {} : { tab: one }}
                aria-current={one === tab ? 'page' : undefined}
                activeProps={{}}
                className={tabClass(one === tab)}
              >
                {NAMES[one]}
              </Link>
            ))}
          </nav>
          <IndexState />
          {tab === 'findings' && <Findings />}
          {tab === 'memory' && <Memories />}
          {tab === 'conversations' && <Conversations />}
        </div>
      </div>
    </>
  )
}
