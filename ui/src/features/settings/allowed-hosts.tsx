import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { AllowedHost } from '@/api/types'
import { Button, IconButton } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Input } from '@/components/ui/field'

interface Props {
  hosts: AllowedHost[]
  error?: string
  onChange: (hosts: AllowedHost[]) => void
}

/** The private hosts that providers may use; all other private addresses are refused. */
export function AllowedHosts({ hosts, error, onChange }: Props) {
  const [text, setText] = useState('')
  const [errorText, setErrorText] = useState<string | null>(null)
  const add = () => {
    const match = /^(\[[^\]]+\]|[^:\s/]+):(\d{1,5})$/.exec(text.trim().toLowerCase())
    const [, host, port] = match ?? []
    if (!host || !port || Number(port) < 1 || Number(port) > 65_535) {
      setErrorText('Write host and port, for example ollama.lan:11434.')
      return
    }
    setErrorText(null)
    setText('')
    if (!hosts.some((one) => one.host === host && one.port === Number(port)))
      onChange([...hosts, { host, port: Number(port) }])
  }
  return (
    <Card>
      <CardHeader title="Allowed private hosts">
        Model servers in your own network. Without an entry here, Mosaic does not connect to private
        addresses.
      </CardHeader>
      <div className="flex max-w-md flex-col gap-3 px-5 py-5">
        {hosts.length > 0 && (
          <ul className="divide-y rounded-control border">
            {hosts.map((one) => (
              <li
                key={`${one.host}:${one.port}`}
                className="flex items-center justify-between gap-2 py-0.5 pr-1 pl-3"
              >
                <span className="min-w-0 truncate font-mono text-sm">
                  {one.host}:{one.port}
                </span>
                <IconButton
                  label={`Remove ${one.host}:${one.port}`}
                  onClick={() => onChange(hosts.filter((other) => other !== one))}
                >
                  <X aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
        <div className="flex gap-2">
          <Input
            aria-label="Host and port"
            aria-invalid={errorText || error ? true : undefined}
            aria-describedby={errorText || error ? 'allowed-hosts-error' : undefined}
            placeholder="ollama.lan:11434"
            autoCapitalize="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              add()
            }}
          />
          <Button onClick={add}>
            <Plus aria-hidden />
            Allow
          </Button>
        </div>
        {(errorText ?? error) && (
          <p id="allowed-hosts-error" className="text-xs text-bad">
            {errorText ?? error}
          </p>
        )}
      </div>
    </Card>
  )
}
