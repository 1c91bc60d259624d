import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Onboarding } from '@/api/types'
import { useTitle } from '@/lib/use-title'
import { AdminStep } from './admin-step'
import { AgentStep } from './agent-step'
import { DoneStep } from './done-step'
import { OidcStep } from './oidc-step'
import { ProviderStep } from './provider-step'
import { FocusHeadingContext } from './step-frame'
import { StepList, type StepName } from './step-list'

/** Where to go on, from what the server knows. */
function firstOpen(state: Onboarding): StepName {
  if (!state.breakglass) return 'admin'
  if (state.agent) return 'done'
  if (state.provider) return 'agent'
  return state.oidc ? 'provider' : 'oidc'
}

/** The setup: four steps and a summary. What was done stays done, whatever happens in between. */
export function SetupPage() {
  useTitle('Setup')
  const { data: state } = useQuery(queries.onboarding)
  const [step, setStep] = useState<StepName>(() => (state ? firstOpen(state) : 'admin'))
  const { data: methods } = useQuery(queries.methods)
  const skipped = methods?.oidc === false
  const [first] = useState(step)
  return (
    <FocusHeadingContext value={step !== first}>
      <div className="flex min-h-full flex-col md:flex-row">
        <StepList current={step} ssoSkipped={skipped} />
        <main className="flex min-w-0 flex-1 justify-center px-5 py-8 md:px-10 md:py-16">
          <div className="w-full max-w-[480px]">
            {step === 'admin' && <AdminStep onDone={() => setStep('oidc')} />}
            {step === 'oidc' && <OidcStep onDone={() => setStep('provider')} />}
            {step === 'provider' && (
              <ProviderStep onBack={() => setStep('oidc')} onDone={() => setStep('agent')} />
            )}
            {step === 'agent' && (
              <AgentStep onBack={() => setStep('provider')} onDone={() => setStep('done')} />
            )}
            {step === 'done' && <DoneStep ssoSkipped={skipped} />}
          </div>
        </main>
      </div>
    </FocusHeadingContext>
  )
}
