import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { cn } from '@/lib/cn'

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

/** An open menu with its button. Loaded when the first menu is opened; see `menu.tsx`. */
export function OpenMenu({ trigger, side = 'bottom', align = 'start', className, children }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} className="z-50 outline-none">
          <Base.Popup
            className={cn(
              'max-h-(--available-height) min-w-44 overflow-y-auto rounded-panel border bg-surface p-1 text-sm shadow-float outline-none',
              'transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0',
              className,
            )}
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

const ITEM_CLASS =
  'flex min-h-8 cursor-pointer items-center gap-2.5 rounded-chip px-2 py-1 outline-none select-none data-highlighted:bg-surface-2 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted'

interface ItemProps {
  onSelect: () => void
  danger?: boolean
  children: ReactNode
}

export function MenuItem({ onSelect, danger = false, children }: ItemProps) {
  return (
    <Base.Item className={cn(ITEM_CLASS, danger && 'text-bad [&>svg]:text-bad')} onClick={onSelect}>
      {children}
    </Base.Item>
  )
}

/** A group of radio items. */
export function MenuChoice({ label, value, onChange, options }: ChoiceProps<string>) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 pt-1.5 pb-1 text-2xs text-subtle">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next) => onChange(String(next))}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} className={ITEM_CLASS} closeOnClick>
            {option.icon}
            <span className="min-w-0 flex-1 truncate">{option.label}</span>
            <span className="flex size-4 items-center justify-center">
              <Base.RadioItemIndicator className="size-1.5 rounded-full bg-accent" />
            </span>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  )
}

export function MenuSeparator() {
  return <hr className="-mx-1 my-1 border-t" />
}
