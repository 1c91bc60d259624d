import { type FormEvent, useState } from 'react'
import { chats } from '@/api/mutations'
import type { Chat } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { useAsyncAction } from '@/lib/use-async-action'

export default function RenameChat({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [title, setTitle] = useState(chat.title)
  const { busy, runAction } = useAsyncAction()
  const save = (event: FormEvent) => {
    event.preventDefault()
    return runAction(
      async () => {
        await chats.rename(chat.id, title.trim())
        toast.success('Chat renamed')
        onClose()
      },
      (error) => toast.error('The chat was not renamed', error),
    )
  }
  return (
    <Dialog open onClose={onClose} title="Rename chat">
      <form onSubmit={save} className="flex flex-col gap-4">
        <Field label="Title">
          {(controlProps) => (
            <Input
              {...controlProps}
              value={title}
              maxLength={200}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={!title.trim()}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
