import { Button } from './button'

interface Props {
  label?: string
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}

/** Loads the next page of a list. Renders nothing after the last page. */
export function LoadMore({ list, label = 'Show older' }: Props) {
  if (!list.hasNextPage) return null
  return (
    <div className="border-t p-3 text-center">
      <Button size="md" busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
        {label}
      </Button>
    </div>
  )
}
