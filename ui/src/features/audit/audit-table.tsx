import type { AuditEntry } from '@/api/types'
import { Badge } from '@/components/ui/feedback'
import { TableHeaderRow } from '@/components/ui/table'
import { formatDateTime, timeAgo } from '@/lib/time'

/** Labels of the common actions. Others show their name. */
const ACTION_LABELS: Record<string, string> = {
  'agent.change': 'Changed an agent',
  'agent.create': 'Added an agent',
  'agent.delete': 'Deleted an agent',
  'audit.export': 'Exported the audit log',
  'auth.login': 'Signed in',
  'auth.logout': 'Signed out',
  'breakglass.create': 'Created the admin account',
  'breakglass.password': 'Changed the admin password',
  'breakglass.reset': 'Reset the admin password on the server',
  'chat.completion': 'Used the OpenAI API',
  'container.restart': 'Restarted a container',
  'container.start': 'Started a container',
  'container.stop': 'Stopped a container',
  'fleet.self_test': 'Tested the isolation',
  'job.cancel': 'Cancelled jobs',
  'job.discard': 'Discarded jobs',
  'job.retry': 'Retried jobs',
  'keys.rotate': 'Rotated the keys',
  'lane.limit': 'Limited a lane',
  'lane.pause': 'Paused a lane',
  'lane.resume': 'Resumed a lane',
  'me.export': 'Exported their data',
  'me.export_download': 'Downloaded an export',
  'oidc.change': 'Changed single sign-on',
  'oidc.remove': 'Turned single sign-on off',
  'onboarding.complete': 'Completed the setup',
  'onboarding.skip_oidc': 'Skipped single sign-on',
  'provider.change': 'Changed a provider',
  'provider.create': 'Added a provider',
  'provider.delete': 'Deleted a provider',
  'schedule.change': 'Changed a schedule',
  'schedule.run': 'Ran a schedule now',
  'session.end': 'Ended a session',
  'settings.allow_host': 'Allowed a private host',
  'settings.change': 'Changed the settings',
  'system_container.change': 'Changed an agent of the instance',
  'system_container.create': 'Created an agent of the instance',
  'token.create': 'Created an API token',
  'token.revoke': 'Revoked an API token',
  'user.change': 'Changed a user',
  'user.create': 'Created a user',
  'user.delete': 'Requested the deletion of an account',
  'user.deleted': 'Deleted an account',
  'user.role': 'Changed a role by group',
}

export function actionLabel(action: string): string {
  return ACTION_LABELS[action] ?? action
}

/** Who did what to what, newest first. */
export function AuditTable({ name, entries }: { name: string; entries: AuditEntry[] }) {
  return (
    <table aria-label={name} className="w-full text-sm">
      <thead className="max-sm:sr-only">
        <TableHeaderRow className="[&>th]:px-5">
          <th scope="col">Action</th>
          <th scope="col">Who</th>
          <th scope="col" className="hidden md:table-cell">
            From
          </th>
          <th scope="col" className="text-right">
            When
          </th>
        </TableHeaderRow>
      </thead>
      <tbody className="divide-y">
        {entries.map((entry) => (
          <tr key={entry.id} className="align-top [&>td]:px-5 [&>td]:py-3">
            <td className="min-w-0">
              <p className="flex flex-wrap items-center gap-2 font-medium">
                {actionLabel(entry.action)}
                {entry.outcome !== 'ok' && (
                  <Badge tone="bad">{entry.outcome === 'denied' ? 'Refused' : 'Failed'}</Badge>
                )}
              </p>
              <p className="max-w-96 text-xs wrap-anywhere text-muted">
                <Subject id={entry.subject} />
                {summarize(entry.detail) && ` · ${summarize(entry.detail)}`}
              </p>
              <p className="text-xs text-muted sm:hidden">{actorOf(entry)}</p>
            </td>
            <td className="max-sm:hidden">{actorOf(entry)}</td>
            <td className="hidden font-mono text-xs text-muted md:table-cell">
              {entry.address || (entry.actorKind === 'admin' ? 'Not shown' : 'This server')}
            </td>
            <td className="tnum text-right whitespace-nowrap text-muted">
              <time dateTime={entry.at} title={formatDateTime(entry.at)}>
                {timeAgo(entry.at)}
              </time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Shows the end of an id, which is enough to tell two apart. */
function Subject({ id }: { id: string }) {
  const [, noun, end] = /^([a-z]+)_[0-9a-f]{24}([0-9a-f]{8})$/.exec(id) ?? []
  return (
    <span className="font-mono" title={id}>
      {end ? `${noun} …${end}` : id.replace(/_/g, ' ')}
    </span>
  )
}

/** The name of the actor. */
function actorOf(entry: AuditEntry): string {
  if (entry.actorKind === 'system') return 'Mosaic'
  if (entry.actorName) return entry.actorName
  if (entry.actorKind === 'anonymous') return 'Not signed in'
  // Users do not see which admin it was.
  return entry.actorKind === 'admin' ? 'An admin' : 'A deleted user'
}

function summarize(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return ''
  return Object.entries(detail)
    .map(
      ([name, value]) =>
        `${toWords(name)}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(', ')
    .slice(0, 160)
}

function toWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
