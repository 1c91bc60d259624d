import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { cn } from '@/lib/cn'
import { IconButton } from './button'
import { backdrop } from './dialog'

interface Props {
  open: boolean
  onClose: () => void
  title: ReactNode
  side?: 'right' | 'left'
  footer?: ReactNode
  children: ReactNode
  className?: string
}

/** A modal panel at the edge of the page, for details. */
export function Sheet({ open, onClose, title, side = 'right', footer, children, className }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup
          initialFocus={heading}
          className={cn(
            'fixed inset-y-0 z-50 flex flex-col bg-surface shadow-float transition-transform duration-200 ease-out',
            side === 'right' &&
              'right-0 w-full max-w-[576px] border-l data-ending-style:translate-x-full data-starting-style:translate-x-full',
            side === 'left' &&
              'left-0 w-[280px] max-w-[86vw] border-r data-ending-style:-translate-x-full data-starting-style:-translate-x-full',
            className,
          )}
        >
          <div className="flex h-14 shrink-0 items-center justify-between gap-3 border-b px-5">
            <Base.Title
              ref={heading}
              tabIndex={-1}
              data-quiet-focus
              className="min-w-0 truncate text-lg font-semibold"
            >
              {title}
            </Base.Title>
            <Base.Close render={<IconButton label="Close" className="-mr-2" />}>
              <X aria-hidden />
            </Base.Close>
          </div>
          <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">{children}</div>
          {footer && <div className="flex shrink-0 flex-wrap gap-2 border-t px-5 py-3.5">{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
