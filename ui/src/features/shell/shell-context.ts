import { createContext, use } from 'react'

interface Shell {
  openDrawer: () => void
  collapsed: boolean
  expand: () => void
}

export const ShellContext = createContext<Shell>({ openDrawer: () => {}, collapsed: false, expand: () => {} })

export function useShell(): Shell {
  return use(ShellContext)
}
