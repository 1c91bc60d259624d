import { useQuery } from '@tanstack/react-query'
import { Bot } from 'lucide-react'
import { queries } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { stopImpersonation } from './impersonation'

/** On every page while this tab acts for one of the instance's own agents. */
export function ImpersonationBar() {
  const { data: me } = useQuery(queries.me)
  if (!me?.keptBy) return null
  return (
    <section
      aria-label="For whom you act"
      className="flex shrink-0 items-center gap-x-3 border-b bg-accent-soft px-4 py-2 text-sm md:px-6"
    >
      <Bot aria-hidden className="size-4 shrink-0 text-accent" />
      <p className="min-w-0 flex-1 wrap-anywhere">
        You look after <span className="font-medium">{me.username}</span>
        <span className="text-muted max-sm:hidden">. What this tab shows and does is its own.</span>
      </p>
      <Button size="sm" onClick={stopImpersonation}>
        Back to yourself
      </Button>
    </section>
  )
}
