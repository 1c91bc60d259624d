import { Button } from './button'

/** Shown at the end of a form with unsaved changes. */
export function SaveBar({
  shown,
  busy,
  onDiscard,
}: {
  shown: boolean
  busy: boolean
  onDiscard: () => void
}) {
  if (!shown) return null
  return (
    <div className="sticky bottom-4 z-10 flex animate-rise items-center justify-between gap-3 rounded-panel border bg-surface px-4 py-2.5 shadow-float">
      <p className="text-sm text-muted">Unsaved changes</p>
      <div className="flex gap-2">
        <Button variant="ghost" onClick={onDiscard} disabled={busy}>
          Discard
        </Button>
        <Button type="submit" variant="primary" busy={busy}>
          Save changes
        </Button>
      </div>
    </div>
  )
}
