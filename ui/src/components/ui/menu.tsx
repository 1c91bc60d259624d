import { cloneElement, lazy, Suspense, useState } from 'react'
import type { ChoiceProps, MenuProps } from './menu-parts'

const loadParts = () => import('./menu-parts')
const OpenMenu = lazy(() => loadParts().then((module) => ({ default: module.OpenMenu })))
export const MenuItem = lazy(() => loadParts().then((module) => ({ default: module.MenuItem })))
export const MenuSeparator = lazy(() => loadParts().then((module) => ({ default: module.MenuSeparator })))
const Choice = lazy(() => loadParts().then((module) => ({ default: module.MenuChoice })))

/** A menu. The code that opens and positions it is large, so it is loaded on first use. */
export function Menu(props: MenuProps) {
  const [opened, setOpened] = useState(false)
  const closed = cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onClick: () => setOpened(true),
    onPointerEnter: () => void loadParts(),
  })
  if (!opened) return closed
  return (
    <Suspense fallback={closed}>
      <OpenMenu {...props} />
    </Suspense>
  )
}

/** A group of radio items. */
export function MenuChoice<T extends string>({ onChange, ...rest }: ChoiceProps<T>) {
  return <Choice {...rest} onChange={(value) => onChange(value as T)} />
}
