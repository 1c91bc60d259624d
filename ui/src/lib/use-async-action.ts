import { useState } from 'react'
import { errorMessage } from '@/api/client'

/**
 * An action that the user starts: whether it is running, and what to tell them when it fails. `runAction` takes an `onError`
 * for failures that are not shown beside the button.
 */
export function useAsyncAction() {
  const [busy, setBusy] = useState(false)
  const [errorText, setErrorText] = useState<string | null>(null)
  const runAction = async (
    action: () => Promise<unknown>,
    onError = (error: unknown) => setErrorText(errorMessage(error)),
  ) => {
    setBusy(true)
    setErrorText(null)
    try {
      await action()
    } catch (error) {
      onError(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, errorText, runAction, setErrorText }
}
