import { isValidElement, type ReactNode, useEffect, useState } from 'react'
import { CopyButton } from '@/components/ui/copy-button'
import type { Shade } from './highlight'

interface Code {
  language: string
  text: string
}

function codeOf(children: ReactNode): Code {
  if (!isValidElement<{ className?: string; children?: ReactNode }>(children))
    return { language: '', text: String(children ?? '') }
  const { className = '', children: text } = children.props
  return { language: /language-([\w+#.-]+)/.exec(className)?.[1] ?? '', text: String(text ?? '') }
}

/** How long code must stand still before its colours are worked out: not while it streams in. */
const SETTLED_MS = 180

/** A fenced piece of code: its language, a copy button, and colours once it is complete. */
export function CodeBlock({ children }: { children?: ReactNode }) {
  const { language, text } = codeOf(children)
  const body = text.replace(/\n$/, '')
  const [shades, setShades] = useState<{ of: string; parts: Shade[] } | null>(null)
  useEffect(() => {
    if (!language) return
    let wanted = true
    const timer = setTimeout(async () => {
      const { highlight } = await import('./highlight')
      const parts = highlight(body, language)
      if (wanted && parts) setShades({ of: body, parts })
    }, SETTLED_MS)
    return () => {
      wanted = false
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
        <code>{shades?.of === body ? <Shades parts={shades.parts} /> : body}</code>
      </pre>
    </div>
  )
}

function Shades({ parts }: { parts: Shade[] }): ReactNode {
  return parts.map((part, at) =>
    typeof part === 'string' ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts are made anew with the text
      <span key={at} className={part.className}>
        <Shades parts={part.parts} />
      </span>
    ),
  )
}
