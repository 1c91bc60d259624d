import type { TestFailure } from '@/api/types'

/** What happened, what to do, and what would have been right. */
export function explain(failure: TestFailure): string {
  const parts = [failure.title, failure.nextStep]
  if (failure.didYouMean?.length) parts.push(`It does offer: ${failure.didYouMean.join(', ')}.`)
  return parts.join(' ')
}
