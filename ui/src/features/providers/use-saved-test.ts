/** Tests a saved provider: a job whose phases are the steps of the test, polled until it is over. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { queries, queryClient } from '@/api/queries'
import type { JobDetail, StepReport, TestStatus, TestStep } from '@/api/types'
import { STEPS, type TestRun } from './test-steps'

const POLL_INTERVAL_MS = 350
const MAX_POLL_FAILURES = 5
const FINAL_STATES = new Set(['done', 'failed', 'dead', 'cancelled'])

export function pendingSteps(first: TestStatus = 'not_run'): StepReport[] {
  return STEPS.map((step, at) => ({ step, status: at === 0 ? first : 'not_run', elapsedMs: 0 }))
}

export function stepsOf(job: JobDetail): StepReport[] {
  const known = new Map<string, JobDetail['phases'][number]>()
  for (const phase of job.phases) if (phase.attempt === job.attempt) known.set(phase.name, phase)
  return STEPS.map((step: TestStep) => {
    const phase = known.get(step)
    if (!phase) return { step, status: 'not_run', elapsedMs: 0 }
    if (!phase.finishedAt) return { step, status: 'running', elapsedMs: 0 }
    const elapsedMs = new Date(phase.finishedAt).getTime() - new Date(phase.startedAt).getTime()
    return { step, status: 'passed', elapsedMs }
  })
}

/** The result of the last test of a saved provider. */
export async function loadLastRun(provider: string): Promise<TestRun | null> {
  const { lastTest } = await queryClient.fetchQuery({ ...queries.provider(provider), staleTime: 0 })
  if (!lastTest) return null
  return { state: lastTest.ok ? 'passed' : 'failed', steps: lastTest.steps }
}

export function useSavedProviderTest() {
  const [run, setRun] = useState<TestRun | null>(null)
  const currentRun = useRef(0)
  useEffect(
    () => () => {
      currentRun.current = -1
    },
    [],
  )

  /** `enqueue` saves the provider and enqueues the test job. */
  const start = useCallback(async (enqueue: () => Promise<{ providerId: string; jobId: string }>) => {
    currentRun.current += 1
    const thisRun = currentRun.current
    const show = (next: TestRun) => {
      if (currentRun.current === thisRun) setRun(next)
    }
    show({ state: 'running', steps: pendingSteps('running') })
    try {
      const { providerId, jobId } = await enqueue()
      const job = await waitForJob(
        jobId,
        (steps) => show({ state: 'running', steps }),
        () => currentRun.current === thisRun,
      )
      if (!job) return
      const last = await loadLastRun(providerId)
      show(
        last ?? {
          state: 'failed',
          steps: stepsOf(job),
          errorText: job.lastError ?? 'The test did not finish. Try again.',
        },
      )
    } catch (error) {
      if (currentRun.current === thisRun) setRun(null)
      throw error
    }
  }, [])

  const reset = useCallback(() => {
    currentRun.current += 1
    setRun(null)
  }, [])
  return { run, setRun, start, reset }
}

async function waitForJob(
  id: string,
  show: (steps: StepReport[]) => void,
  isCurrent: () => boolean,
): Promise<JobDetail | null> {
  let failures = 0
  while (isCurrent()) {
    try {
      const job = await queryClient.fetchQuery({ ...queries.job(id), staleTime: 0, retry: false })
      if (FINAL_STATES.has(job.state)) return job
      const steps = stepsOf(job)
      show(steps.some((step) => step.status !== 'not_run') ? steps : pendingSteps('running'))
      failures = 0
    } catch (error) {
      failures += 1
      if (failures > MAX_POLL_FAILURES) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
  }
  return null
}
