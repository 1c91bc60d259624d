import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react'

const parts = () => import('./menu-parts')
const OpenMenu = lazy(() => parts().then((module) => ({ default: module.OpenMenu })))
export const MenuItem = lazy(() => parts().then((module) => ({ default: module.MenuItem })))
export const MenuSeparator = lazy(() => parts().then((module) => ({ default: module.MenuSeparator })))
const Choice = lazy(() => parts().then((module) => ({ default: module.MenuChoice })))

export interface MenuProps {
  /** The button that opens it. */
  trigger: ReactElement<{
    onClick?: () => void
    onPointerEnter?: () => void
    'aria-haspopup'?: 'menu'
    'aria-expanded'?: boolean
  }>
  side?: 'top' | 'bottom'
  align?: 'start' | 'end'
  className?: string
  children: ReactNode
}

export interface ChoiceProps<T extends string> {
  label: string
  value: T
  onChange: (value: T) => void
  options: { value: T; label: ReactNode; icon?: ReactNode }[]
}

/** A menu. What makes it open and stand in its place is large, so it is loaded when it is wanted. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState(false)
  const closed = cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onClick: () => setWanted(true),
    onPointerEnter: () => void parts(),
  })
  if (!wanted) return closed
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} />
    </Suspense>
  )
}

/** A choice of one, with its mark. */
export function MenuChoice<T extends string>({ onChange, ...rest }: ChoiceProps<T>) {
  return <Choice {...rest} onChange={(value) => onChange(value as T)} />
}
