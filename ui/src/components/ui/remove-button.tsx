import { type ReactNode, useState } from 'react'
import { Button } from './button'
import { ConfirmDialog } from './dialog'
import { toast } from './toast'

interface Props {
  /** The label of the button. */
  children?: ReactNode
  /** The title of the confirmation; names the object. */
  title: ReactNode
  description: ReactNode
  /** The label of the confirming button: a verb. */
  action: string
  remove: () => Promise<unknown>
  /** Toast titles for success and failure. */
  done: string
  failed: string
  onRemoved: () => void
}

/** Deletes the object of a sheet after a confirmation. Placed at the end of the sheet's footer. */
export function RemoveButton({
  children = 'Delete',
  remove,
  done,
  failed,
  onRemoved,
  ...confirmation
}: Props) {
  const [open, setOpen] = useState(false)
  const confirm = async () => {
    try {
      await remove()
    } catch (error) {
      toast.error(failed, error)
      throw error
    }
    toast.success(done)
    onRemoved()
  }
  return (
    <>
      <Button variant="danger" className="ml-auto" onClick={() => setOpen(true)}>
        {children}
      </Button>
      <ConfirmDialog {...confirmation} open={open} onClose={() => setOpen(false)} onConfirm={confirm} />
    </>
  )
}
