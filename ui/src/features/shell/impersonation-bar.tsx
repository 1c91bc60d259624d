import { useQuery } from '@tanstack/react-query'
import { Bot } from 'lucide-react'
import { queries } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { stopImpersonation } from './impersonation'

/** Shown on every page while the tab acts for one of the instance's own agents. */
export function ImpersonationBar() {
  const { data: me } = useQuery(queries.me)
  if (!me?.keptBy) return null
  return (
    <section
      aria-label="Acting account"
      className="flex shrink-0 items-center gap-x-3 border-b bg-accent-soft px-4 py-2 text-sm md:px-6"
    >
      <Bot aria-hidden className="size-4 shrink-0 text-accent" />
      <p className="min-w-0 flex-1 wrap-anywhere">
        You are acting as <span className="font-medium">{me.username}</span>
        <span className="text-muted max-sm:hidden">. This tab shows and changes its data.</span>
      </p>
      <Button size="sm" onClick={stopImpersonation}>
        Back to your account
      </Button>
    </section>
  )
}
