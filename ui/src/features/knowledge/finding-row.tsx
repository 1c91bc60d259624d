import { getRouteApi, Link } from '@tanstack/react-router'
import type { Finding, FindingMatch } from '@/api/types'
import { formatDate, timeAgo } from '@/lib/time'
import { useAgentName } from './agent-filter'
import { OpenLink } from './list-row'
import { Snippet } from './snippet'

const route = getRouteApi('/_app/knowledge')

export function FindingRow({ finding }: { finding: Finding | FindingMatch }) {
  const search = route.useSearch()
  return (
    <li className="relative flex flex-col gap-1 px-5 py-3.5 hover:bg-surface-2">
      <OpenLink open={finding.id}>{titleOf(finding)}</OpenLink>
      {'snippet' in finding && finding.snippet.length > 0 ? (
        <Snippet parts={finding.snippet} />
      ) : (
        finding.title && <p className="line-clamp-2 text-sm wrap-anywhere text-muted">{finding.content}</p>
      )}
      <div className="mt-0.5 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-xs text-muted">
        {finding.tags.map((tag) => (
          <Link
            key={tag}
            to="/knowledge"
            search={{ ...search, tag, open: undefined }}
            className="relative z-1 rounded-chip bg-surface-3 px-1.5 leading-5 text-fg/85 hover:text-fg"
          >
            #{tag}
          </Link>
        ))}
        <Source finding={finding} />
        <span className="tnum">{timeAgo(finding.updatedAt)}</span>
        {finding.expiresAt && <span>expires {formatDate(finding.expiresAt)}</span>}
        {finding.similar.length > 0 && (
          <span>
            {finding.similar.length === 1
              ? 'one similar finding'
              : `${finding.similar.length} similar findings`}
          </span>
        )}
      </div>
    </li>
  )
}

/** The title, or the start of the content. */
export function titleOf({ title, content }: Pick<Finding, 'title' | 'content'>): string {
  if (title) return title
  const line = content.trim().split('\n')[0] ?? ''
  return line.length > 120 ? `${line.slice(0, 120)}…` : line
}

/** Who saved the finding, with a link to the message it comes from. */
export function Source({ finding: { source } }: { finding: Finding }) {
  const agentName = useAgentName()
  const who = source.kind === 'person' ? 'by you' : `by ${agentName(source.agentId) ?? 'an agent'}`
  if (!source.chatId) return <span>{who}</span>
  return (
    <Link
      to="/chat/$id"
      params={{ id: source.chatId }}
      hash={source.turnId ?? undefined}
      className="relative z-1 text-accent hover:underline"
    >
      {who}, in a chat
    </Link>
  )
}
