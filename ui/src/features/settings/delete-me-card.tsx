import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { message } from '@/api/client'
import { mine } from '@/api/mutations'
import { q } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Card, CardHead } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { forgetDrafts } from '@/lib/draft'

/** The end of an account. Whoever wants it has to type who he is. */
export function DeleteMeCard() {
  const { data: me } = useQuery(q.me)
  const [open, setOpen] = useState(false)
  return (
    <Card>
      <CardHead title="Delete your account">
        Your chats, agents, providers and keys, findings, memory and conversations are erased, and your
        container with all its files. Nobody can bring them back. Make an export first if you may want
        something of it.
      </CardHead>
      <div className="px-5 py-5">
        <Button look="danger" onClick={() => setOpen(true)}>
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
  const [trouble, setTrouble] = useState<string | null>(null)
  const remove = async () => {
    setBusy(true)
    setTrouble(null)
    try {
      await mine.remove(typed)
      forgetDrafts()
      location.assign('/login?deleted=true')
    } catch (error) {
      setTrouble(message(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Delete your account?"
      description="Everything that is yours is erased, here and in your container. You are signed out everywhere."
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" busy={busy} disabled={typed !== username} onClick={remove}>
            Delete my account
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field
          label={
            <>
              Type your user name, <span className="font-mono">{username}</span>, to go on
            </>
          }
        >
          {(wiring) => (
            <Input
              {...wiring}
              value={typed}
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        {trouble && <Alert title="Your account was not deleted">{trouble}</Alert>}
      </div>
    </Dialog>
  )
}
