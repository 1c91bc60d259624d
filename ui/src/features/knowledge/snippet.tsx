import type { Found, Piece } from '@/api/types'

/** A part of a text with what was searched for in it. */
export function Snippet({ pieces }: { pieces: Piece[] }) {
  return (
    <p className="line-clamp-3 text-sm wrap-anywhere text-muted">
      {pieces.map((piece, at) =>
        piece.hit ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces never change places
          <mark key={at} className="rounded-[3px] bg-warn-soft px-0.5 font-medium text-fg">
            {piece.text}
          </mark>
        ) : (
          piece.text
        ),
      )}
    </p>
  )
}

interface TallyProps extends Pick<Found<unknown>, 'mode' | 'note'> {
  count: number
}

/** How many were found, and by what. */
export function Tally({ count, mode, note }: TallyProps) {
  return (
    <p role="status" className="border-b px-5 py-2 text-xs text-muted">
      {count === 1 ? 'One result' : `${count} results`}, by{' '}
      {mode === 'hybrid' ? 'words and meaning' : 'words only'}.{note && ` ${note}`}
    </p>
  )
}
