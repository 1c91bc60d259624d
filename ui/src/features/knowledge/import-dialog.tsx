import { useState } from 'react'
import { conversations } from '@/api/mutations'
import type { Imported } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Alert } from '@/components/ui/feedback'
import { Field, Input } from '@/components/ui/field'
import { number } from '@/lib/time'
import { useAttempt } from '@/lib/use-attempt'
import { AgentFilter } from './agent-filter'

/** Lines that were left out are told up to here. */
const TOLD = 5

/** Takes in session logs of another OpenClaw. What is there already is known again and not doubled. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [agent, setAgent] = useState('')
  const { busy, trouble, attempt } = useAttempt()
  const [done, setDone] = useState<Imported | null>(null)
  const run = async () => {
    if (!file) return
    setDone(null)
    await attempt(async () => setDone(await conversations.import(file, agent || undefined)))
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Import conversations"
      description="Session logs as OpenClaw writes them, one line an entry (.jsonl). The same file twice does no harm."
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" busy={busy} disabled={!file} onClick={run}>
            Import
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label="File">
          {(wiring) => (
            <Input
              {...wiring}
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
          <p className="text-sm font-medium">With</p>
          <AgentFilter all="No agent in particular" value={agent} onChange={setAgent} />
        </div>
        {trouble && <Alert title="The file was not imported">{trouble}</Alert>}
        {done && <Result done={done} />}
      </div>
    </Dialog>
  )
}

function Result({ done }: { done: Imported }) {
  const left = done.skipped.length - TOLD
  return (
    <div role="status" className="flex flex-col gap-3">
      <p className="text-sm">
        {number(done.added)} messages of{' '}
        {done.conversations === 1 ? 'one conversation' : `${number(done.conversations)} conversations`}{' '}
        imported.
        {done.known > 0 && ` ${number(done.known)} were known already.`}
      </p>
      {done.skipped.length > 0 && (
        <Alert tone="warn" title={`${number(done.skipped.length)} lines were left out`}>
          <ul>
            {done.skipped.slice(0, TOLD).map((one) => (
              <li key={one.line} className="wrap-anywhere">
                Line {one.line}: {one.why}
              </li>
            ))}
          </ul>
          {left > 0 && <p>And {number(left)} more.</p>}
        </Alert>
      )}
    </div>
  )
}
