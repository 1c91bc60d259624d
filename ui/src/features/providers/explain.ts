import type { TestFailure } from '@/api/types'

/** What happened, what to do, and similar model ids. */
export function explain(failure: TestFailure): string {
  const parts = [failure.title, failure.nextStep]
  if (failure.didYouMean?.length) parts.push(`Did you mean ${failure.didYouMean.join(', ')}?`)
  return parts.join(' ')
}
