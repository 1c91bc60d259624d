/** Light, dark, or the system's theme. Read before the first paint by `public/theme.js`. */
import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'mosaic.theme'
const system = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null
const listeners = new Set<() => void>()

function read(): Theme {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

export function setTheme(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  apply(theme)
  for (const listener of listeners) listener()
}

function apply(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && (system?.matches ?? false))
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

system?.addEventListener('change', () => {
  apply(read())
  for (const listener of listeners) listener()
})

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, read)
}

function watchDocument(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}

/** The theme on the screen, with `system` resolved. */
export function useResolvedTheme(): 'light' | 'dark' {
  return useSyncExternalStore(watchDocument, () =>
    document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light',
  )
}
