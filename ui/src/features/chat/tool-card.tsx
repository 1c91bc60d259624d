import { ChevronRight, CircleCheck, CircleX, Wrench } from 'lucide-react'
import type { ToolCall } from '@/api/types'
import { Spinner } from '@/components/ui/feedback'

const STATUS_LABELS = { running: 'running', done: 'done', failed: 'failed' }

/** A tool call of the agent, with its arguments and result on demand. */
export function ToolCard({ tool, over }: { tool: ToolCall; over: boolean }) {
  // A tool call whose end was not reported ended with the answer.
  const status = tool.status === 'running' && over ? undefined : tool.status
  const input = pretty(tool.arguments)
  return (
    <details className="group max-w-full rounded-panel border bg-surface text-sm shadow-card">
      <summary className="flex min-h-9 list-none items-center gap-2.5 rounded-panel px-3 py-1.5 select-none">
        <Wrench aria-hidden className="size-4 shrink-0 text-muted" />
        <span className="min-w-0 flex-1 truncate">
          <span className="font-mono text-xs font-medium">{tool.name}</span>
          {input && (
            <span className="ml-2 text-xs text-muted group-open:hidden">
              {input.replace(/\s+/g, ' ').slice(0, 90)}
            </span>
          )}
        </span>
        {status === 'running' && <Spinner />}
        {status === 'done' && <CircleCheck aria-hidden className="size-4 text-ok" />}
        {status === 'failed' && <CircleX aria-hidden className="size-4 text-bad" />}
        {status && <span className="text-xs text-muted">{STATUS_LABELS[status]}</span>}
        <ChevronRight
          aria-hidden
          className="size-4 text-muted transition-transform duration-100 group-open:rotate-90"
        />
      </summary>
      <div className="flex flex-col gap-2 border-t px-3 py-2.5">
        {input && <Part label="Arguments" text={input} />}
        {tool.result !== undefined && <Part label="Result" text={tool.result || 'Nothing'} />}
        {!input && tool.result === undefined && <p className="text-xs text-muted">No further details.</p>}
      </div>
    </details>
  )
}

function Part({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <p className="text-xs text-muted">{label}</p>
      <pre
        tabIndex={0}
        className="hairline mt-1 max-h-60 overflow-auto rounded-chip bg-surface-2 px-2.5 py-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
      >
        {text}
      </pre>
    </div>
  )
}

function pretty(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
