import { Pencil } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { Textarea } from '@/components/ui/field'

interface Props {
  text: string
  /** Absent while an answer is running. */
  onResend?: (text: string) => Promise<boolean>
  /** Whether editing removes later messages. */
  hasLater: boolean
}

/** A message of the user; can be edited and sent again. */
export function UserMessage({ text, onResend, hasLater }: Props) {
  const [editing, setEditing] = useState(false)
  if (editing && onResend)
    return <Editor text={text} hasLater={hasLater} onCancel={() => setEditing(false)} onResend={onResend} />
  return (
    <div className="group/message flex flex-col items-end">
      <p className="max-w-[88%] rounded-card rounded-br-chip bg-surface-2 px-4 py-2.5 text-md whitespace-pre-wrap wrap-anywhere">
        <span className="sr-only">You: </span>
        {text}
      </p>
      <div className="mt-1 flex opacity-0 transition-opacity duration-100 group-focus-within/message:opacity-100 group-hover/message:opacity-100 pointer-coarse:opacity-100">
        <CopyButton text={text} name="Copy your message" />
        {onResend && (
          <IconButton label="Edit and send again" onClick={() => setEditing(true)}>
            <Pencil aria-hidden />
          </IconButton>
        )}
      </div>
    </div>
  )
}

interface EditorProps {
  text: string
  hasLater: boolean
  onCancel: () => void
  onResend: (text: string) => Promise<boolean>
}

function Editor({ text, hasLater, onCancel, onResend }: EditorProps) {
  const [draft, setDraft] = useState(text)
  const [busy, setBusy] = useState(false)
  const resend = async () => {
    setBusy(true)
    if (await onResend(draft)) onCancel()
    else setBusy(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onCancel()
    }
  }
  return (
    <div className="flex flex-col gap-2 rounded-card border bg-surface p-3 shadow-card">
      <Textarea
        autoFocus
        aria-label="Edit your message"
        className="min-h-20 text-md"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="mr-auto text-xs text-muted">
          {hasLater ? 'Everything after this message is replaced.' : 'The answer is replaced.'}
        </p>
        <Button size="md" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="md" variant="primary" busy={busy} disabled={!draft.trim()} onClick={resend}>
          Send again
        </Button>
      </div>
    </div>
  )
}
