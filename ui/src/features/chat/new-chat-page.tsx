import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { q } from '@/api/queries'
import type { Me } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { TopBar } from '@/features/shell/top-bar'
import { Composer } from './composer'
import { useSend } from './use-send'

const STARTERS: { title: string; text: string }[] = [
  {
    title: 'Plan my week',
    text: 'Help me plan my week. Ask me first what has to be done, then suggest a plan day by day.',
  },
  { title: 'Explain something', text: 'Explain to me in simple words: ' },
  { title: 'Improve a text', text: 'Improve this text. Keep my tone and tell me what you changed:\n\n' },
]

/** A chat that does not exist before its first message. */
export function NewChatPage() {
  const navigate = useNavigate()
  usePageOfChat()
  const { data: me } = useQuery(q.me)
  const { data: agents } = useQuery(q.agents)
  const { send, sending } = useSend(null)
  const [agentId, setAgentId] = useState<string | null>(null)
  const [preset, setPreset] = useState<string>()
  const list = agents?.items ?? []
  const ask = async (text: string) => {
    const id = await send({ text, agentId: agentId ?? list[0]?.id })
    if (id) await navigate({ to: '/chat/$id', params: { id } })
    return id !== null
  }
  return (
    <>
      <TopBar title="New chat" />
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        <div className="mx-auto my-auto w-full max-w-[736px] px-4 py-8">
          <h2 className="text-2xl">{greeting(me)}</h2>
          {agents && list.length === 0 ? (
            <Alert
              tone="info"
              className="mt-5"
              title="You have no agent yet"
              actions={
                <Link to="/settings/agents" className={buttonClass('primary', 'sm')}>
                  Create an agent
                </Link>
              }
            >
              Connect a model provider and create an agent. Then you can chat.
            </Alert>
          ) : (
            <ul aria-label="Beginnings" className="mt-5 grid gap-2 sm:grid-cols-3">
              {STARTERS.map((starter) => (
                <li key={starter.title}>
                  <button
                    type="button"
                    onClick={() => setPreset(starter.text)}
                    className="flex h-full w-full flex-col items-start justify-start rounded-card border bg-surface px-4 py-3 text-left shadow-card hover:bg-surface-2"
                  >
                    <span className="block text-sm font-medium">{starter.title}</span>
                    <span className="line-clamp-2 text-xs text-muted">{starter.text}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
      <Composer
        draft="new"
        agents={list}
        agentId={agentId}
        onAgent={setAgentId}
        onSend={ask}
        sending={sending}
        preset={preset}
      />
    </>
  )
}

function greeting(me: Me | undefined): string {
  if (me?.keptBy) return `What shall ${me.username} do?`
  const name = me?.displayName || me?.username
  return name ? `Hello ${name}, what shall we do?` : 'What shall we do?'
}

/** Has the page of a chat at hand before the first message: what it starts may disturb the line. */
function usePageOfChat(): void {
  const router = useRouter()
  useEffect(() => {
    // Should it fail, it is loaded again when it is needed.
    const load = async () => router.loadRouteChunk(router.routesById['/_app/chat/$id'])
    load().catch(() => {})
  }, [router])
}
