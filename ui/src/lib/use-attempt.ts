import { useState } from 'react'
import { message } from '@/api/client'

/**
 * Something that a person has asked for: whether it goes on, and what to tell him when it fails. `failed` takes the failures
 * that are told elsewhere than beside the button.
 */
export function useAttempt() {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<string | null>(null)
  const attempt = async (
    work: () => Promise<unknown>,
    failed = (error: unknown) => setTrouble(message(error)),
  ) => {
    setBusy(true)
    setTrouble(null)
    try {
      await work()
    } catch (error) {
      failed(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, trouble, attempt, refuse: setTrouble }
}
