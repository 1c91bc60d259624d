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

/** A modal dialog. */
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
  /** The label of the confirming button: a verb. */
  action: string
  /** If it rejects, the dialog stays open; the caller must show the error. */
  onConfirm: () => Promise<unknown>
}

/** Asks before an action that cannot be undone. The title names the object. */
export function ConfirmDialog({ open, onClose, title, description, action, onConfirm }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    try {
      await onConfirm()
      onClose()
    } catch {
      // `onConfirm` has shown the error; the user may try again or close the dialog.
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
