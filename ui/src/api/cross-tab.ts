/** Tells the other tabs of this browser that data changed, so that they read it again. */
import { queries, queryClient } from './queries'

const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('mosaic') : null

export function notifyOtherTabs(kind: 'chat', id: string): void {
  channel?.postMessage({ kind, id })
}

channel?.addEventListener('message', (event: MessageEvent<{ kind: 'chat'; id: string }>) => {
  void queryClient.invalidateQueries({ queryKey: queries.chat(event.data.id).queryKey })
  void queryClient.invalidateQueries({ queryKey: queries.chats.queryKey })
})
