import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { copyText } from '@/lib/copy'
import { buttonClass, IconButton } from './button'
import { toast } from './toast'

/** Copies a text and confirms it for two seconds. `label` is shown beside the icon. */
export function CopyButton({ text, name, label }: { text: string; name: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    if (await copyText(text)) setCopied(true)
    else toast.error('The browser does not allow copying here. Select the text and copy it yourself.')
  }
  const icon = copied ? <Check aria-hidden /> : <Copy aria-hidden />
  const caption = (
    <span aria-live="polite" className={label ? undefined : 'sr-only'}>
      {copied ? 'Copied' : label}
    </span>
  )
  if (!label)
    return (
      <IconButton label={name} onClick={copy}>
        {icon}
        {caption}
      </IconButton>
    )
  return (
    <button
      type="button"
      aria-label={copied ? `${name}: copied` : name}
      onClick={copy}
      className={buttonClass('ghost', 'sm')}
    >
      {icon}
      {caption}
    </button>
  )
}
