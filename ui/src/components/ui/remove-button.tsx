import { type ReactNode, useState } from 'react'
import { Button } from './button'
import { ConfirmDialog } from './dialog'
import { toast } from './toast'

interface Props {
  /** The word on the button itself. */
  children?: ReactNode
  /** What is asked before; names the thing. */
  title: ReactNode
  description: ReactNode
  /** The verb: what pressing the button of the question does. */
  action: string
  remove: () => Promise<unknown>
  /** Told at the end, and where it did not work. */
  done: string
  failed: string
  onRemoved: () => void
}

/** Stands at the end of a sheet's foot: removes for good what the sheet is about, after a question. */
export function RemoveButton({ children = 'Delete', remove, done, failed, onRemoved, ...question }: Props) {
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
      <ConfirmDialog {...question} open={open} onClose={() => setOpen(false)} onConfirm={confirm} />
    </>
  )
}
