import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Check, Minus } from 'lucide-react'
import { useState } from 'react'
import { errorMessage, hasCode } from '@/api/client'
import { onboarding } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { StepFrame } from './step-frame'

const SSO_LABEL = 'Single sign-on'

/** A summary of the setup. */
export function DoneStep({ ssoSkipped }: { ssoSkipped: boolean }) {
  const navigate = useNavigate()
  const { data: me } = useQuery(queries.me)
  const { data: providers } = useQuery(queries.providers)
  const { data: agents } = useQuery(queries.agents)
  const [busy, setBusy] = useState(false)
  const [errorText, setErrorText] = useState<string | null>(null)
  const finish = async () => {
    setBusy(true)
    try {
      await onboarding.complete()
    } catch (error) {
      // Another tab has completed the setup.
      if (!hasCode(error, 'onboarding_completed')) {
        setErrorText(errorMessage(error))
        setBusy(false)
        return
      }
    }
    await queryClient.fetchQuery({ ...queries.onboarding, staleTime: 0 })
    await navigate({ to: '/chat' })
  }
  const provider = providers?.items[0]
  const agent = agents?.items[0]
  const lines: [string, string][] = [
    ['Admin account', me?.username ?? ''],
    [SSO_LABEL, ssoSkipped ? 'Skipped. You can set it up in the settings.' : 'On'],
    [
      'Model provider',
      provider ? `${provider.name}, ${provider.models.map((model) => model.id).join(', ')}` : '',
    ],
    ['First agent', agent ? `${agent.name}, on ${agent.model}` : ''],
  ]
  return (
    <StepFrame
      title="Mosaic is ready"
      intro="The first message wakes your agent, which takes a few seconds. After that it answers at once."
      onSubmit={(event) => {
        event.preventDefault()
        void finish()
      }}
      errorText={errorText}
      actions={
        <Button type="submit" variant="primary" busy={busy}>
          Start chatting
        </Button>
      }
    >
      <ul className="divide-y rounded-card border bg-surface shadow-card">
        {lines.map(([name, value]) => (
          <li key={name} className="flex gap-3 px-4 py-3 text-sm">
            {ssoSkipped && name === SSO_LABEL ? (
              <Minus aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
            ) : (
              <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
            )}
            <div className="min-w-0">
              <p className="font-medium">{name}</p>
              <p className="break-words text-muted">{value}</p>
            </div>
          </li>
        ))}
      </ul>
    </StepFrame>
  )
}
