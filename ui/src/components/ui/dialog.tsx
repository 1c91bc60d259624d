import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button, IconButton } from './button'

interface Props {
  open: boolean
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  children?: ReactNode
  footer?: ReactNode
}

export const backdrop =
  'fixed inset-0 z-40 bg-overlay transition-opacity duration-200 data-starting-style:opacity-0 data-ending-style:opacity-0'

/** A question in the middle of the page. Focus goes in and, at the end, back to where it was. */
export function Dialog({ open, onClose, title, description, children, footer }: Props) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup className="fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-32px)] w-[calc(100vw-32px)] max-w-[480px] -translate-x-1/2 -translate-y-1/2 flex-col rounded-card border bg-surface shadow-float transition-opacity duration-150 data-starting-style:opacity-0 data-ending-style:opacity-0">
          <div className="flex items-start justify-between gap-3 px-5 pt-4">
            <Base.Title className="text-lg font-semibold">{title}</Base.Title>
            <Base.Close render={<IconButton label="Close" className="-mr-2" />}>
              <X aria-hidden />
            </Base.Close>
          </div>
          <div className="min-h-0 overflow-y-auto px-5 pt-1 pb-5">
            {description && <Base.Description className="text-sm text-muted">{description}</Base.Description>}
            {children && <div className="mt-4">{children}</div>}
          </div>
          {footer && <div className="flex flex-wrap justify-end gap-2 border-t px-5 py-3.5">{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onClose: () => void
  title: ReactNode
  description: ReactNode
  /** The verb: what pressing the button does. */
  action: string
  /** Rejects when it did not work: the dialog stays open and the caller tells why. */
  onConfirm: () => Promise<unknown>
}

/** Asks before something that cannot be taken back; names the thing. */
export function ConfirmDialog({ open, onClose, title, description, action, onConfirm }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    try {
      await onConfirm()
      onClose()
    } catch {
      // The caller has told why; the person may try again or leave.
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button variant="danger" busy={busy} onClick={confirm}>
            {action}
          </Button>
        </>
      }
    />
  )
}
