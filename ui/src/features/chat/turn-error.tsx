import { Link } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { container } from '@/api/mutations'
import type { TurnError, TurnStatus } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { toast } from '@/components/ui/toast'

/** What is wrong with the account at the provider. */
const PROVIDER = new Set([
  'key_missing',
  'key_rejected',
  'key_forbidden',
  'key_parked',
  'quota_exhausted',
  'provider_unreachable',
  'request_rejected',
])
/** What is wrong with the choice of a model. */
const MODEL = new Set(['model_unknown', 'context_too_long', 'agent_unknown'])
/** What a fresh start of the container may cure. */
const CONTAINER = new Set([
  'agent_unreachable',
  'agent_restarting',
  'gateway_auth',
  'gateway_locked',
  'connection_lost',
  'exited',
  'out_of_memory',
  'start_timed_out',
  'start_failed',
  'vanished',
  'missing',
  'no_address',
  'unsettled',
])

interface Props {
  status: TurnStatus
  error?: TurnError
  onRetry?: () => void
}

/** Whether the trouble is told with a button of its own. */
export function saysTryAgain(status: TurnStatus): boolean {
  return status === 'failed' || status === 'interrupted'
}

/** Why an answer is missing or incomplete, and the next step. */
export function TurnTrouble({ status, error, onRetry }: Props) {
  const [restarting, setRestarting] = useState(false)
  if (!saysTryAgain(status)) return null
  const code = error?.code ?? status
  const title =
    error?.title ?? (status === 'interrupted' ? 'The answer was interrupted.' : 'The answer failed.')
  const detail = error?.detail ?? 'What had arrived is kept. Try again to get a whole answer.'
  const restart = async () => {
    setRestarting(true)
    try {
      await container.restart()
      toast.done('Your agent restarts')
    } catch (problem) {
      toast.failed('Your agent was not restarted', problem)
    } finally {
      setRestarting(false)
    }
  }
  return (
    <Alert
      tone={status === 'interrupted' ? 'warn' : 'bad'}
      title={title}
      actions={
        <>
          {onRetry && (
            <Button size="sm" onClick={onRetry}>
              <RotateCcw aria-hidden />
              Try again
            </Button>
          )}
          {PROVIDER.has(code) && (
            <Link to="/settings/providers" className={buttonClass('secondary', 'sm')}>
              Open providers
            </Link>
          )}
          {MODEL.has(code) && (
            <Link to="/settings/agents" className={buttonClass('secondary', 'sm')}>
              Open agents
            </Link>
          )}
          {CONTAINER.has(code) && (
            <Button size="sm" busy={restarting} onClick={restart}>
              Restart the agent
            </Button>
          )}
        </>
      }
    >
      {detail}
    </Alert>
  )
}
