import { getRouteApi, Link } from '@tanstack/react-router'
import { TAB_BAR_CLASS, tabClass } from '@/components/ui/tab-links'
import { TopBar } from '@/features/shell/top-bar'
import { Conversations } from './conversations'
import { Findings } from './findings'
import { IndexState } from './index-state'
import { TABS, type Tab } from './knowledge-search'
import { Memories } from './memories'

const route = getRouteApi('/_app/knowledge')

const TAB_LABELS: Record<Tab, string> = {
  findings: 'Findings',
  memory: 'Memory',
  conversations: 'Conversations',
}

/** The findings, memory and conversations of the user's own agents. */
export function KnowledgePage() {
  const { tab: tabParam } = route.useSearch()
  const tab: Tab = tabParam ?? 'findings'
  return (
    <>
      <TopBar title="Knowledge" note="What your agents know. Only you can see it." />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[960px] flex-col gap-4 px-4 py-5 md:px-6">
          <nav aria-label="Parts of your knowledge" className={TAB_BAR_CLASS}>
            {TABS.map((one) => (
              <Link
                key={one}
                to="/knowledge"
                search={one === 'findings' ? {} : { tab: one }}
                aria-current={one === tab ? 'page' : undefined}
                activeProps={{}}
                className={tabClass(one === tab)}
              >
                {TAB_LABELS[one]}
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
