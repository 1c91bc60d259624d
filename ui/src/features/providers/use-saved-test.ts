/** Tests a saved provider: a job whose phases are the steps, followed until it is over. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { message } from '@/api/client'
import { q, queryClient } from '@/api/queries'
import type { JobDetail, StepReport, TestStatus, TestStep } from '@/api/types'
import { type Run, STEPS } from './test-steps'

const LOOK_MS = 350
const FINAL = new Set(['done', 'failed', 'dead', 'cancelled'])

export function blankSteps(first: TestStatus = 'not_run'): StepReport[] {
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

/** What the last test of a saved provider said. */
export async function lastRun(provider: string): Promise<Run | null> {
  const { lastTest } = await queryClient.fetchQuery({ ...q.provider(provider), staleTime: 0 })
  if (!lastTest) return null
  return { state: lastTest.ok ? 'passed' : 'failed', steps: lastTest.steps }
}

export function useSavedTest() {
  const [run, setRun] = useState<Run | null>(null)
  const going = useRef(0)
  useEffect(
    () => () => {
      going.current = -1
    },
    [],
  )

  /** `enqueue` saves and asks for the test; it answers with the job and the provider. */
  const start = useCallback(async (enqueue: () => Promise<{ providerId: string; jobId: string }>) => {
    going.current += 1
    const mine = going.current
    const show = (next: Run) => {
      if (going.current === mine) setRun(next)
    }
    show({ state: 'running', steps: blankSteps('running') })
    try {
      const { providerId, jobId } = await enqueue()
      const job = await ended(
        jobId,
        (steps) => show({ state: 'running', steps }),
        () => going.current === mine,
      )
      if (!job) return
      const last = await lastRun(providerId)
      show(
        last ?? {
          state: 'failed',
          steps: stepsOf(job),
          trouble: job.lastError ?? 'The test did not end. Try again.',
        },
      )
    } catch (error) {
      if (going.current === mine) setRun(null)
      throw error
    }
  }, [])

  const forget = useCallback(() => {
    going.current += 1
    setRun(null)
  }, [])
  return { run, setRun, start, forget }
}

async function ended(
  id: string,
  show: (steps: StepReport[]) => void,
  wanted: () => boolean,
): Promise<JobDetail | null> {
  let misses = 0
  while (wanted()) {
    try {
      const job = await queryClient.fetchQuery({ ...q.job(id), staleTime: 0, retry: false })
      if (FINAL.has(job.state)) return job
      const steps = stepsOf(job)
      show(steps.some((step) => step.status !== 'not_run') ? steps : blankSteps('running'))
      misses = 0
    } catch (error) {
      misses += 1
      if (misses > 5) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return null
}

export function troubleOf(error: unknown): Run {
  return { state: 'failed', steps: blankSteps(), trouble: message(error) }
}
