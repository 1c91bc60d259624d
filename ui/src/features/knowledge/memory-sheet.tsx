import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorMessage, hasCode, isStatus } from '@/api/client'
import { memory as memoryMutations } from '@/api/mutations'
import { queries, queryClient } from '@/api/queries'
import type { Memory } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert, EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { useAsyncAction } from '@/lib/use-async-action'
import { MemoryHistory } from './memory-history'
import { asText, formatOf, parseValue, type ValueFormat } from './memory-value'

interface Props {
  agentId: string
  /** The entry's name, or `new`. */
  name: string
  onClose: () => void
}

/** Creates or edits an entry of an agent's memory. */
export function MemorySheet({ agentId, name, onClose }: Props) {
  const isNew = name === 'new'
  const entry = useQuery({ ...queries.memoryEntry(agentId, name), enabled: !isNew, staleTime: 0 })
  if (isNew) return <Editor agentId={agentId} onClose={onClose} />
  // A new version resets the form: unsaved text belongs to the version it was based on.
  if (entry.data)
    return <Editor key={entry.data.version} agentId={agentId} saved={entry.data} onClose={onClose} />
  return (
    <Sheet open onClose={onClose} title={name}>
      {entry.isPending && <SkeletonRows rows={2} />}
      {isStatus(entry.error, 404) && (
        <EmptyState title="This entry no longer exists">It was deleted, or it expired.</EmptyState>
      )}
      {entry.isError && !isStatus(entry.error, 404) && (
        <LoadError what="The entry" error={entry.error} onRetry={() => entry.refetch()} />
      )}
    </Sheet>
  )
}

function Editor({ agentId, saved, onClose }: { agentId: string; saved?: Memory; onClose: () => void }) {
  const [key, setKey] = useState('')
  const [format, setFormat] = useState<ValueFormat>(saved ? formatOf(saved.value) : 'text')
  const [text, setText] = useState(saved ? asText(saved.value) : '')
  const [stale, setStale] = useState(false)
  const { busy, errorText, runAction, setErrorText } = useAsyncAction()
  const name = saved?.key ?? key.trim()
  const save = async () => {
    const parsed = parseValue(text, format)
    if ('errorText' in parsed) return setErrorText(parsed.errorText)
    await runAction(
      async () => {
        // Version 0 means that the entry must not exist yet.
        await memoryMutations.set(agentId, name, { value: parsed.value, ifVersion: saved?.version ?? 0 })
        toast.success(saved ? 'Entry saved' : 'Entry added')
        onClose()
      },
      (error) => (hasCode(error, 'version_conflict') ? setStale(true) : setErrorText(errorMessage(error))),
    )
  }
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? <span className="font-mono text-base">{saved.key}</span> : 'Add an entry'}
      footer={
        <>
          <Button variant="primary" busy={busy} disabled={name === '' || text === ''} onClick={save}>
            {saved ? 'Save changes' : 'Add entry'}
          </Button>
          {saved && (
            <RemoveButton
              title={`Forget ${saved.key}?`}
              description="From its next message on, your agent no longer knows it."
              action="Forget it"
              remove={() => memoryMutations.forget(agentId, saved.key)}
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
            title={
              saved ? 'Your agent changed this in the meantime' : 'An entry with this name already exists'
            }
            actions={
              saved && (
                <Button
                  size="sm"
                  onClick={() =>
                    queryClient.invalidateQueries({ queryKey: ['memory', 'one', agentId, saved.key] })
                  }
                >
                  Reload it
                </Button>
              )
            }
          >
            {saved ? 'Reloading discards what you typed here.' : 'Choose another name, or open that one.'}
          </Alert>
        )}
        {!saved && (
          <Field label="Name" hint="The name that the agent uses, for example user.address.">
            {(controlProps) => (
              <Input
                {...controlProps}
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
        <Field label="What it remembers" error={errorText ?? undefined}>
          {(controlProps) => (
            <Textarea
              {...controlProps}
              rows={8}
              className={format === 'json' ? 'font-mono text-sm' : undefined}
              spellCheck={format === 'text'}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <Field label="Format" className="max-w-40">
          {(controlProps) => (
            <Select
              {...controlProps}
              value={format}
              onChange={(event) => setFormat(event.target.value as ValueFormat)}
            >
              <option value="text">Text</option>
              <option value="json">JSON</option>
            </Select>
          )}
        </Field>
        {saved && <MemoryHistory agentId={agentId} name={saved.key} />}
      </div>
    </Sheet>
  )
}
