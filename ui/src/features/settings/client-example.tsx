import { useState } from 'react'
import type { Agent } from '@/api/types'
import { CodeBlock } from '@/components/markdown/code-block'
import { Card, CardHeader } from '@/components/ui/card'

type Kind = 'python' | 'javascript' | 'bash'
const LABELS: Record<Kind, string> = { python: 'Python', javascript: 'JavaScript', bash: 'curl' }

/** Code examples for OpenAI clients, without a secret. */
export function ClientExample({ agent }: { agent: Agent | undefined }) {
  const [kind, setKind] = useState<Kind>('python')
  return (
    <Card>
      <CardHeader title="Use it with any OpenAI client">
        Set this address, use a token as the key and the agent as the model. Nothing else changes.
      </CardHeader>
      <div className="flex flex-col gap-3 px-5 py-4">
        <div className="flex gap-1">
          {(Object.keys(LABELS) as Kind[]).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={kind === one}
              onClick={() => setKind(one)}
              className="h-7 rounded-control px-2.5 text-xs font-medium text-muted hover:bg-surface-2 aria-pressed:bg-surface-3 aria-pressed:text-fg"
            >
              {LABELS[one]}
            </button>
          ))}
        </div>
        <CodeBlock>
          <code className={`language-${kind}`}>{example(kind, agent?.slug ?? 'your-agent')}</code>
        </CodeBlock>
      </div>
    </Card>
  )
}

function example(kind: Kind, model: string): string {
  const base = `${location.origin}/v1`
  if (kind === 'python')
    return `from openai import OpenAI

client = OpenAI(base_url="${base}", api_key="YOUR_TOKEN")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`
  if (kind === 'javascript')
    return `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${base}', apiKey: 'YOUR_TOKEN' })
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.choices[0].message.content)`
  return `curl ${base}/chat/completions \\
  -H "Authorization: Bearer YOUR_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`
}
