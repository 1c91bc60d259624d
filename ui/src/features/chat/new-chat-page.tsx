import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { queries } from '@/api/queries'
import type { Me } from '@/api/types'
import { buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { TopBar } from '@/features/shell/top-bar'
import { Composer } from './composer'
import { useSend } from './use-send'

const SUGGESTIONS: { title: string; text: string }[] = [
  {
    title: 'Plan my week',
    text: 'Help me plan my week. Ask me first what has to be done, then suggest a plan day by day.',
  },
  { title: 'Explain something', text: 'Explain to me in simple words: ' },
  { title: 'Improve a text', text: 'Improve this text. Keep my tone and tell me what you changed:\n\n' },
]

/** The chat is created with its first message. */
export function NewChatPage() {
  const navigate = useNavigate()
  usePreloadedChatPage()
  const { data: me } = useQuery(queries.me)
  const { data: agents } = useQuery(queries.agents)
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
            <ul aria-label="Suggestions" className="mt-5 grid gap-2 sm:grid-cols-3">
              {SUGGESTIONS.map((suggestion) => (
                <li key={suggestion.title}>
                  <button
                    type="button"
                    onClick={() => setPreset(suggestion.text)}
                    className="flex h-full w-full flex-col items-start justify-start rounded-card border bg-surface px-4 py-3 text-left shadow-card hover:bg-surface-2"
                  >
                    <span className="block text-sm font-medium">{suggestion.title}</span>
                    <span className="line-clamp-2 text-xs text-muted">{suggestion.text}</span>
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
  if (me?.keptBy) return `What should ${me.username} do?`
  const name = me?.displayName || me?.username
  return name ? `Hello ${name}, what would you like to do?` : 'What would you like to do?'
}

/** Loads the chat page before the first message: starting a container may interrupt the network. */
function usePreloadedChatPage(): void {
  const router = useRouter()
  useEffect(() => {
    // If this fails, the chunk is loaded again when it is needed.
    const load = async () => router.loadRouteChunk(router.routesById['/_app/chat/$id'])
    load().catch(() => {})
  }, [router])
}
