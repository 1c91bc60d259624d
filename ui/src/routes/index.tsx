import { createFileRoute, redirect } from '@tanstack/react-router'
import { takeNext } from '@/lib/next'

export const Route = createFileRoute('/')({
  beforeLoad: () => {
    throw redirect({ href: takeNext() ?? '/chat', replace: true })
  },
})
