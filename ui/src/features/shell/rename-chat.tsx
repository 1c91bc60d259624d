import { type FormEvent, useState } from 'react'
import { chats } from '@/api/mutations'
import type { Chat } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { useAttempt } from '@/lib/use-attempt'

export default function RenameChat({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [title, setTitle] = useState(chat.title)
  const { busy, attempt } = useAttempt()
  const save = (event: FormEvent) => {
    event.preventDefault()
    return attempt(
      async () => {
        await chats.rename(chat.id, title.trim())
        toast.done('Chat renamed')
        onClose()
      },
      (error) => toast.failed('The chat was not renamed', error),
    )
  }
  return (
    <Dialog open onClose={onClose} title="Rename chat">
      <form onSubmit={save} className="flex flex-col gap-4">
        <Field label="Title">
          {(wiring) => (
            <Input
              {...wiring}
              value={title}
              maxLength={200}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabled={!title.trim()}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
