/** Tells the other tabs of this browser that something changed, so that they read it again. */
import { q, queryClient } from './queries'

const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('mosaic') : null

export function tellTabs(what: 'chat', id: string): void {
  channel?.postMessage({ what, id })
}

channel?.addEventListener('message', (event: MessageEvent<{ what: 'chat'; id: string }>) => {
  void queryClient.invalidateQueries({ queryKey: q.chat(event.data.id).queryKey })
  void queryClient.invalidateQueries({ queryKey: q.chats.queryKey })
})
