import { isValidElement, type ReactNode, useEffect, useState } from 'react'
import { CopyButton } from '@/components/ui/copy-button'
import type { HighlightNode } from './highlight'

interface CodeText {
  language: string
  text: string
}

function codeOf(children: ReactNode): CodeText {
  if (!isValidElement<{ className?: string; children?: ReactNode }>(children))
    return { language: '', text: String(children ?? '') }
  const { className = '', children: text } = children.props
  return { language: /language-([\w+#.-]+)/.exec(className)?.[1] ?? '', text: String(text ?? '') }
}

/** How long code must be unchanged before it is highlighted, so that it is not done while the code streams in. */
const HIGHLIGHT_DELAY_MS = 180

/** A fenced code block: its language, a copy button, and highlighting once it is complete. */
export function CodeBlock({ children }: { children?: ReactNode }) {
  const { language, text } = codeOf(children)
  const body = text.replace(/\n$/, '')
  const [highlighted, setHighlighted] = useState<{ source: string; parts: HighlightNode[] } | null>(null)
  useEffect(() => {
    if (!language) return
    let current = true
    const timer = setTimeout(async () => {
      const { highlight } = await import('./highlight')
      const parts = highlight(body, language)
      if (current && parts) setHighlighted({ source: body, parts })
    }, HIGHLIGHT_DELAY_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [body, language])
  return (
    <div className="overflow-hidden rounded-panel border">
      <div className="flex h-9 items-center justify-between border-b bg-surface-2 pr-1 pl-3">
        <span className="font-mono text-xs text-muted">{language || 'text'}</span>
        <CopyButton text={body} name="Copy the code" label="Copy" />
      </div>
      <pre tabIndex={0} className="hairline overflow-x-auto bg-surface px-3 py-3 font-mono text-sm leading-5">
        <code>{highlighted?.source === body ? <Highlighted parts={highlighted.parts} /> : body}</code>
      </pre>
    </div>
  )
}

function Highlighted({ parts }: { parts: HighlightNode[] }): ReactNode {
  return parts.map((part, at) =>
    typeof part === 'string' ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts are recreated with the text
      <span key={at} className={part.className}>
        <Highlighted parts={part.parts} />
      </span>
    ),
  )
}
