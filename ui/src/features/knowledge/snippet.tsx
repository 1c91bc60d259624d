import type { SearchResults, SnippetPart } from '@/api/types'

/** An excerpt with the matches marked. */
export function Snippet({ parts }: { parts: SnippetPart[] }) {
  return (
    <p className="line-clamp-3 text-sm wrap-anywhere text-muted">
      {parts.map((part, at) =>
        part.hit ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts never change
          <mark key={at} className="rounded-[3px] bg-warn-soft px-0.5 font-medium text-fg">
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
    </p>
  )
}

interface ResultCountProps extends Pick<SearchResults<unknown>, 'mode' | 'note'> {
  count: number
}

/** The number of results, and how they were found. */
export function ResultCount({ count, mode, note }: ResultCountProps) {
  return (
    <p role="status" className="border-b px-5 py-2 text-xs text-muted">
      {count === 1 ? 'One result' : `${count} results`}, by{' '}
      {mode === 'hybrid' ? 'words and meaning' : 'words only'}.{note && ` ${note}`}
    </p>
  )
}
