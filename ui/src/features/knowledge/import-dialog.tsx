import { useState } from 'react'
import { conversations } from '@/api/mutations'
import type { ImportResult } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { formatNumber } from '@/lib/time'
import { useAsyncAction } from '@/lib/use-async-action'
import { AgentFilter } from './agent-filter'

const MAX_LISTED_LINES = 5

/** Imports session logs of another OpenClaw. Messages that exist already are not imported twice. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [agent, setAgent] = useState('')
  const { busy, errorText, runAction } = useAsyncAction()
  const [done, setDone] = useState<ImportResult | null>(null)
  const run = async () => {
    if (!file) return
    setDone(null)
    await runAction(async () => setDone(await conversations.import(file, agent || undefined)))
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Import conversations"
      description="Session logs as OpenClaw writes them, one entry per line (.jsonl). Importing a file twice is safe."
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button variant="primary" busy={busy} disabled={!file} onClick={run}>
            Import
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label="File">
          {(controlProps) => (
            <Input
              {...controlProps}
              type="file"
              accept=".jsonl,.ndjson,application/jsonl,application/x-ndjson"
              className="py-1.5 text-sm file:mr-3 file:rounded-chip file:bg-surface-2 file:px-2 file:font-medium"
              onChange={(event) => {
                setFile(event.target.files?.[0] ?? null)
                setDone(null)
              }}
            />
          )}
        </Field>
        <div className="flex flex-col gap-1.5">
          <p className="text-sm font-medium">Agent</p>
          <AgentFilter all="No specific agent" value={agent} onChange={setAgent} />
        </div>
        {errorText && <Alert title="The file was not imported">{errorText}</Alert>}
        {done && <Result done={done} />}
      </div>
    </Dialog>
  )
}

function Result({ done }: { done: ImportResult }) {
  const unlisted = done.skipped.length - MAX_LISTED_LINES
  return (
    <div role="status" className="flex flex-col gap-3">
      <p className="text-sm">
        {formatNumber(done.added)} messages of{' '}
        {done.conversations === 1 ? 'one conversation' : `${formatNumber(done.conversations)} conversations`}{' '}
        imported.
        {done.known > 0 && ` ${formatNumber(done.known)} were imported before.`}
      </p>
      {done.skipped.length > 0 && (
        <Alert tone="warn" title={`${formatNumber(done.skipped.length)} lines were skipped`}>
          <ul>
            {done.skipped.slice(0, MAX_LISTED_LINES).map((one) => (
              <li key={one.line} className="wrap-anywhere">
                Line {one.line}: {one.why}
              </li>
            ))}
          </ul>
          {unlisted > 0 && <p>And {formatNumber(unlisted)} more.</p>}
        </Alert>
      )}
    </div>
  )
}
