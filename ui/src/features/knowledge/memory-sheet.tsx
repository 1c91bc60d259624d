import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hasCode, isStatus, message } from '@/api/client'
import { memory as write } from '@/api/mutations'
import { q, queryClient } from '@/api/queries'
import type { Memory } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert, Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { useAttempt } from '@/lib/use-attempt'
import { History } from './memory-history'
import { asText, type Form, formOf, parse } from './value'

interface Props {
  agentId: string
  /** The entry's name, or `new`. */
  name: string
  onClose: () => void
}

/** Adds an entry to an agent's memory, or shows and changes one. */
export function MemorySheet({ agentId, name, onClose }: Props) {
  const fresh = name === 'new'
  const entry = useQuery({ ...q.memoryEntry(agentId, name), enabled: !fresh, staleTime: 0 })
  if (fresh) return <Editor agentId={agentId} onClose={onClose} />
  // Another version is another form: what is typed belongs to the one it was read from.
  if (entry.data)
    return <Editor key={entry.data.version} agentId={agentId} saved={entry.data} onClose={onClose} />
  return (
    <Sheet open onClose={onClose} title={name}>
      {entry.isPending && <SkeletonRows rows={2} />}
      {isStatus(entry.error, 404) && (
        <Empty title="This is not remembered any more">It was forgotten, or its time was over.</Empty>
      )}
      {entry.isError && !isStatus(entry.error, 404) && (
        <LoadError what="The entry" error={entry.error} onRetry={() => entry.refetch()} />
      )}
    </Sheet>
  )
}

function Editor({ agentId, saved, onClose }: { agentId: string; saved?: Memory; onClose: () => void }) {
  const [key, setKey] = useState('')
  const [form, setForm] = useState<Form>(saved ? formOf(saved.value) : 'text')
  const [text, setText] = useState(saved ? asText(saved.value) : '')
  const [stale, setStale] = useState(false)
  const { busy, trouble, attempt, refuse } = useAttempt()
  const name = saved?.key ?? key.trim()
  const save = async () => {
    const parsed = parse(text, form)
    if ('trouble' in parsed) return refuse(parsed.trouble)
    await attempt(
      async () => {
        // A new one must be new: nothing that is there is overwritten unseen.
        await write.set(agentId, name, { value: parsed.value, ifVersion: saved?.version ?? 0 })
        toast.done(saved ? 'Entry saved' : 'Entry added')
        onClose()
      },
      (error) => (hasCode(error, 'version_conflict') ? setStale(true) : refuse(message(error))),
    )
  }
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? <span className="font-mono text-base">{saved.key}</span> : 'Add an entry'}
      footer={
        <>
          <Button look="primary" busy={busy} disabled={name === '' || text === ''} onClick={save}>
            {saved ? 'Save changes' : 'Add entry'}
          </Button>
          {saved && (
            <RemoveButton
              title={`Forget ${saved.key}?`}
              description="Your agent does not know it any more from its next message on."
              action="Forget it"
              remove={() => write.forget(agentId, saved.key)}
              done="Forgotten"
              failed="It was not forgotten"
              onRemoved={onClose}
            >
              Forget
            </RemoveButton>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-5 px-5 py-5">
        {stale && (
          <Alert
            tone="warn"
            title={saved ? 'Your agent changed it meanwhile' : 'There is an entry of this name already'}
            actions={
              saved && (
                <Button
                  size="sm"
                  onClick={() =>
                    queryClient.invalidateQueries({ queryKey: ['memory', 'one', agentId, saved.key] })
                  }
                >
                  Read it again
                </Button>
              )
            }
          >
            {saved
              ? 'Reading it again discards what you typed here.'
              : 'Choose another name, or open that one.'}
          </Alert>
        )}
        {!saved && (
          <Field label="Name" hint="As the agent asks for it, for example user.address.">
            {(wiring) => (
              <Input
                {...wiring}
                className="font-mono"
                autoCapitalize="off"
                autoComplete="off"
                spellCheck={false}
                value={key}
                onChange={(event) => setKey(event.target.value)}
              />
            )}
          </Field>
        )}
        <Field label="What it remembers" error={trouble ?? undefined}>
          {(wiring) => (
            <Textarea
              {...wiring}
              rows={8}
              className={form === 'json' ? 'font-mono text-sm' : undefined}
              spellCheck={form === 'text'}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <Field label="Kept as" className="max-w-40">
          {(wiring) => (
            <Select {...wiring} value={form} onChange={(event) => setForm(event.target.value as Form)}>
              <option value="text">Text</option>
              <option value="json">JSON</option>
            </Select>
          )}
        </Field>
        {saved && <History agentId={agentId} name={saved.key} />}
      </div>
    </Sheet>
  )
}
