/** Short messages at the edge of the page. What shows them is loaded with the first one. */
import { lazy, Suspense, useSyncExternalStore } from 'react'
import { message } from '@/api/client'

export interface Shown {
  title: string
  description?: string
  bad: boolean
  timeout: number
  onTimeout?: () => void
  action?: { label: string; onPress: () => void }
}

const toaster = () => import('./toaster')
const Toaster = lazy(toaster)

let wanted = false
const listeners = new Set<() => void>()

async function show(shown: Shown): Promise<void> {
  wanted = true
  for (const listener of listeners) listener()
  const module = await toaster()
  module.show(shown)
}

interface Undo {
  label: string
  onPress: () => void
  timeout: number
  onTimeout: () => void
}

export const toast = {
  /** Tells of something done. The words repeat the button's verb in the past. */
  done(title: string, undo?: Undo): void {
    const action = undo && { label: undo.label, onPress: undo.onPress }
    void show({ title, bad: false, timeout: undo?.timeout ?? 4000, onTimeout: undo?.onTimeout, action })
  },
  /** Tells of something that did not work, and what to do. */
  failed(title: string, error?: unknown): void {
    void show({
      title,
      description: error === undefined ? undefined : message(error),
      bad: true,
      timeout: 8000,
    })
  },
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => wanted,
  )
  if (!shown) return null
  return (
    <Suspense>
      <Toaster />
    </Suspense>
  )
}
