import { Link } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { container } from '@/api/mutations'
import type { TurnError, TurnStatus } from '@/api/types'
import { Button, buttonClass } from '@/components/ui/button'
import { Alert } from '@/components/ui/feedback'
import { toast } from '@/components/ui/toast'

/** Error codes that are fixed in the provider settings. */
const PROVIDER_CODES = new Set([
  'key_missing',
  'key_rejected',
  'key_forbidden',
  'key_parked',
  'quota_exhausted',
  'provider_unreachable',
  'request_rejected',
])
/** Error codes that are fixed in the agent settings. */
const AGENT_CODES = new Set(['model_unknown', 'context_too_long', 'agent_unknown'])
/** Error codes that a restart of the container may fix. */
const RESTART_CODES = new Set([
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

/** Whether the alert of this status has its own retry button. */
export function hasRetryButton(status: TurnStatus): boolean {
  return status === 'failed' || status === 'interrupted'
}

/** Why an answer is missing or incomplete, and the next step. */
export function TurnErrorAlert({ status, error, onRetry }: Props) {
  const [restarting, setRestarting] = useState(false)
  if (!hasRetryButton(status)) return null
  const code = error?.code ?? status
  const title =
    error?.title ?? (status === 'interrupted' ? 'The answer was interrupted.' : 'The answer failed.')
  const detail = error?.detail ?? 'The part that arrived is kept. Try again to get the full answer.'
  const restart = async () => {
    setRestarting(true)
    try {
      await container.restart()
      toast.success('Your agent is restarting')
    } catch (problem) {
      toast.error('Your agent was not restarted', problem)
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
          {PROVIDER_CODES.has(code) && (
            <Link to="/settings/providers" className={buttonClass('secondary', 'sm')}>
              Open providers
            </Link>
          )}
          {AGENT_CODES.has(code) && (
            <Link to="/settings/agents" className={buttonClass('secondary', 'sm')}>
              Open agents
            </Link>
          )}
          {RESTART_CODES.has(code) && (
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
