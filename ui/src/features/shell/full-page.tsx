import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ApiError, errorMessage } from '@/api/client'
import { Button, buttonClass } from '@/components/ui/button'
import { useTitle } from '@/lib/use-title'
import { Logo } from './logo'

interface Props {
  title: string
  children: ReactNode
  action: ReactNode
  /** `div` inside a page that already has a `main`. */
  as?: 'main' | 'div'
}

/** A page that consists only of a message and an action. */
export function FullPage({ title, children, action, as: Frame = 'main' }: Props) {
  useTitle(title)
  return (
    <Frame className="flex min-h-full flex-col items-center justify-center px-6 py-16 text-center">
      <Logo className="size-9" />
      <h1 className="mt-6 text-xl">{title}</h1>
      <p className="mt-2 max-w-md text-muted">{children}</p>
      <div className="mt-6">{action}</div>
    </Frame>
  )
}

export function NotFoundPage() {
  return (
    <FullPage
      title="There is nothing at this address"
      action={
        <Link to="/chat" className={buttonClass('primary')}>
          Go to your chats
        </Link>
      }
    >
      The link may be old, or what it led to was deleted.
    </FullPage>
  )
}

export function ForbiddenPage({ what }: { what: string }) {
  return (
    <FullPage
      as="div"
      title="Only admins can open this"
      action={
        <Link to="/chat" className={buttonClass('primary')}>
          Go to your chats
        </Link>
      }
    >
      {what} is for admins of this Mosaic. Ask one of them if you need something changed there.
    </FullPage>
  )
}

export function CrashPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  const offline = error instanceof ApiError && error.code === 'offline'
  return (
    <FullPage
      title={offline ? 'Mosaic cannot be reached' : 'This page could not be shown'}
      action={
        <Button variant="primary" onClick={retry}>
          Try again
        </Button>
      }
    >
      {errorMessage(error)}
    </FullPage>
  )
}
