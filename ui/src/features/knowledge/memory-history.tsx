import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import type { MemoryVersion } from '@/api/types'
import { formatDateTime } from '@/lib/time'
import { asText } from './memory-value'

/** The earlier versions of an entry, newest first. */
export function MemoryHistory({ agentId, name }: { agentId: string; name: string }) {
  const { data } = useQuery(queries.memoryHistory(agentId, name))
  if (!data || data.items.length === 0) return null
  return (
    <section aria-label="History" className="border-t pt-5">
      <h3 className="text-sm">History</h3>
      <ol className="mt-3 flex flex-col gap-3">
        {data.items.map((version) => (
          <Version key={version.version} version={version} />
        ))}
      </ol>
    </section>
  )
}

function Version({ version }: { version: MemoryVersion }) {
  const by = version.by === 'person' ? 'you' : 'the agent'
  return (
    <li className="text-sm">
      <p className="flex flex-wrap justify-between gap-x-4 text-xs text-muted">
        <span>
          Version {version.version}, by {by}
        </span>
        <time className="tnum" dateTime={version.at}>
          {formatDateTime(version.at)}
        </time>
      </p>
      {version.value === null ? (
        <p className="text-muted">Deleted</p>
      ) : (
        <p className="line-clamp-3 whitespace-pre-wrap wrap-anywhere">{asText(version.value)}</p>
      )}
    </li>
  )
}
