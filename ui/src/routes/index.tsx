import { createFileRoute, redirect } from '@tanstack/react-router'
import { takeReturnPath } from '@/lib/return-path'

export const Route = createFileRoute('/')({
  beforeLoad: () => {
    throw redirect({ href: takeReturnPath() ?? '/chat', replace: true })
  },
})
