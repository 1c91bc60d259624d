/** Short messages at the edge of the page. Their renderer is loaded with the first one. */
import { lazy, Suspense, useSyncExternalStore } from 'react'
import { errorMessage } from '@/api/client'
import type { ToastOptions } from './toast-list'

const loadToastList = () => import('./toast-list')
const ToastList = lazy(loadToastList)

let needed = false
const listeners = new Set<() => void>()

async function show(options: ToastOptions): Promise<void> {
  needed = true
  for (const listener of listeners) listener()
  const module = await loadToastList()
  module.showToast(options)
}

interface Undo {
  label: string
  onPress: () => void
  timeout: number
  onTimeout: () => void
}

export const toast = {
  /** The title repeats the button's verb in the past. */
  success(title: string, undo?: Undo): void {
    const action = undo && { label: undo.label, onPress: undo.onPress }
    void show({ title, bad: false, timeout: undo?.timeout ?? 4000, onTimeout: undo?.onTimeout, action })
  },
  error(title: string, error?: unknown): void {
    void show({
      title,
      description: error === undefined ? undefined : errorMessage(error),
      bad: true,
      timeout: 8000,
    })
  },
}

/** Mounted once in the app; renders nothing before the first toast. */
export function Toaster() {
  const visible = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => needed,
  )
  if (!visible) return null
  return (
    <Suspense>
      <ToastList />
    </Suspense>
  )
}
