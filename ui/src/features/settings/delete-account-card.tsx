import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorMessage } from '@/api/client'
import { ownData } from '@/api/mutations'
import { queries } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { clearDrafts } from '@/lib/drafts'

/** Deletes the user's account after they have typed their user name. */
export function DeleteAccountCard() {
  const { data: me } = useQuery(queries.me)
  const [open, setOpen] = useState(false)
  return (
    <Card>
      <CardHeader title="Delete your account">
        Your chats, agents, providers and keys, findings, memory and conversations are erased, and your
        container with all its files. They cannot be restored. Make an export first if you may need any of it.
      </CardHeader>
      <div className="px-5 py-5">
        <Button variant="danger" onClick={() => setOpen(true)}>
          Delete my account
        </Button>
      </div>
      {open && me && <Confirm username={me.username} onClose={() => setOpen(false)} />}
    </Card>
  )
}

function Confirm({ username, onClose }: { username: string; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [errorText, setErrorText] = useState<string | null>(null)
  const remove = async () => {
    setBusy(true)
    setErrorText(null)
    try {
      await ownData.deleteAccount(typed)
      clearDrafts()
      location.assign('/login?deleted=true')
    } catch (error) {
      setErrorText(errorMessage(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Delete your account?"
      description="All your data is erased, here and in your container. You are signed out everywhere."
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button variant="danger" busy={busy} disabled={typed !== username} onClick={remove}>
            Delete my account
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field
          label={
            <>
              Type your user name, <span className="font-mono">{username}</span>, to continue
            </>
          }
        >
          {(controlProps) => (
            <Input
              {...controlProps}
              value={typed}
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        {errorText && <Alert title="Your account was not deleted">{errorText}</Alert>}
      </div>
    </Dialog>
  )
}
