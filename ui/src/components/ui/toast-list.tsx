import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useEffect } from 'react'
import { cn } from '@/lib/cn'

export interface ToastOptions {
  title: string
  description?: string
  bad: boolean
  timeout: number
  onTimeout?: () => void
  action?: { label: string; onPress: () => void }
}

const manager = Toast.createToastManager()

/** Toasts shown before the list was mounted. */
const queued: ToastOptions[] = []
let mounted = false

export function showToast(options: ToastOptions): void {
  if (mounted) add(options)
  else queued.push(options)
}

function add({ title, description, bad, timeout, onTimeout, action }: ToastOptions): void {
  const id = manager.add({
    title,
    description,
    type: bad ? 'error' : 'success',
    timeout,
    priority: bad ? 'high' : 'low',
    onClose: onTimeout,
    actionProps: action && {
      children: action.label,
      onClick: () => {
        action.onPress()
        manager.close(id)
      },
    },
  })
}

export default function ToastList() {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="fixed top-3 left-1/2 z-60 flex w-[calc(100vw-32px)] max-w-[380px] -translate-x-1/2 flex-col gap-2 outline-none">
          <Items />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Items() {
  useEffect(() => {
    mounted = true
    for (const options of queued.splice(0)) add(options)
    return () => {
      mounted = false
    }
  }, [])
  const { toasts } = Toast.useToastManager()
  return toasts.map((item) => {
    const bad = item.type === 'error'
    const Icon = bad ? CircleAlert : CircleCheck
    return (
      <Toast.Root
        key={item.id}
        toast={item}
        className="rounded-panel border bg-surface shadow-float transition-opacity duration-200 data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0"
      >
        <Toast.Content className="flex items-start gap-2.5 py-2.5 pr-2 pl-3.5">
          <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', bad ? 'text-bad' : 'text-ok')} />
          <div className="min-w-0 flex-1 py-px">
            <Toast.Title className="text-sm font-medium" />
            <Toast.Description className="text-xs text-muted" />
          </div>
          <Toast.Action className="h-7 shrink-0 rounded-control px-2 text-xs font-medium text-accent hover:bg-surface-2" />
          <Toast.Close
            aria-label="Dismiss"
            // It can be reached by keyboard, so it must not be hidden from screen readers.
            aria-hidden={false}
            className="flex size-7 shrink-0 items-center justify-center rounded-control text-muted hover:bg-surface-2"
          >
            <X aria-hidden className="size-3.5" />
          </Toast.Close>
        </Toast.Content>
      </Toast.Root>
    )
  })
}
