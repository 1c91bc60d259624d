import { Check, CircleX, ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react'
import { fleet } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { SelfTest, SelfTestCheck } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Progress } from '@/components/ui/progress'
import { TableHeaderRow } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { cn } from '@/lib/cn'
import { timeAgo } from '@/lib/time'
import { useLastJob } from '@/lib/use-last-job'

/** Shows from inside a container what agents can reach and what they cannot. */
export function SelfTestCard() {
  const [last, { start, running, busy, job }] = useLastJob(queries.selfTest, fleet.selfTest, (error) =>
    toast.error('The self-test was not started', error),
  )
  return (
    <Card className="overflow-hidden">
      <CardHeader
        title="Isolation"
        actions={
          <Button size="md" busy={busy} onClick={start}>
            {last.data ? 'Run the self-test again' : 'Run the self-test'}
          </Button>
        }
      >
        The self-test tries, from inside a container, to reach what no agent may reach. First it shows that
        each target would have answered.
      </CardHeader>
      {last.isPending && <SkeletonRows rows={2} />}
      {last.isError && !last.data && (
        <LoadError what="The self-test" error={last.error} onRetry={() => last.refetch()} />
      )}
      {running && (
        <div className="flex flex-col gap-2 border-b px-5 py-4">
          <p role="status" className="text-sm">
            {job?.progress ? `Trying to break out: ${job.progress} % done` : 'Starting the self-test'}
          </p>
          <Progress label="Self-test" value={job?.progress ? job.progress / 100 : null} />
        </div>
      )}
      {last.data === null && !running && (
        <p className="px-5 py-4 text-sm text-muted">
          Not run yet. It takes about a minute and does not disturb anyone.
        </p>
      )}
      {last.data && last.data.state !== 'running' && <TestResult test={last.data} />}
    </Card>
  )
}

function TestResult({ test }: { test: SelfTest }) {
  return (
    <>
      <div className="px-5 py-4">
        <Verdict test={test} />
      </div>
      {test.checks.length > 0 && <CheckTable checks={test.checks} />}
    </>
  )
}

function Verdict({ test }: { test: SelfTest }) {
  const when = test.finishedAt ? ` ${timeAgo(test.finishedAt)}.` : ''
  if (test.enforced === false)
    return (
      <Alert title="Not enforced">
        {test.summary} Until the guard runs, agents can reach this host and its network. Start mosaic guard,
        or run mosaic up as root.
      </Alert>
    )
  if (test.state === 'failed')
    return (
      <Alert tone="warn" title="The self-test did not finish">
        {test.summary}
      </Alert>
    )
  const passed = test.checks.every((check) => check.passed)
  if (!passed) return <Alert title="Isolation is broken">{test.summary}</Alert>
  return (
    <p className="flex items-start gap-2.5 text-sm">
      <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
      <span>
        <span className="font-medium">Isolation holds.</span> {test.summary}
        <span className="text-muted">{when && ` Tried${when}`}</span>
      </span>
    </p>
  )
}

const OUTCOME_LABELS: Record<SelfTestCheck['outcome'], string> = {
  denied: 'Denied',
  allowed: 'Reached',
  unknown: 'Unknown',
}

function CheckTable({ checks }: { checks: SelfTestCheck[] }) {
  return (
    <table aria-label="Self-test checks" className="w-full border-t text-sm">
      <thead>
        <TableHeaderRow>
          <th scope="col" className="pl-5!">
            Target
          </th>
          <th scope="col" className="max-md:hidden">
            Proof that it answers
          </th>
          <th scope="col" className="max-sm:hidden">
            Expected
          </th>
          <th scope="col" className="pr-5!">
            Result
          </th>
        </TableHeaderRow>
      </thead>
      <tbody className="divide-y">
        {checks.map((check) => (
          <tr key={`${check.name} ${check.from}`} className="align-top [&>td]:px-3 [&>td]:py-2.5">
            <td className="min-w-0 pl-5!">
              <p className="font-medium">{check.name}</p>
              <p className="text-xs wrap-anywhere text-muted">
                <span className="font-mono">{check.target}</span> · from the {check.from} · {check.tried}
              </p>
              <p className="mt-0.5 text-xs wrap-anywhere text-muted md:hidden">{check.proof}</p>
            </td>
            <td className="max-w-80 text-xs leading-5 wrap-anywhere text-muted max-md:hidden">
              {check.proof}
            </td>
            <td className="text-muted max-sm:hidden">{OUTCOME_LABELS[check.expected]}</td>
            <td className="pr-5! whitespace-nowrap">
              <Outcome check={check} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Outcome({ check }: { check: SelfTestCheck }) {
  const unknown = check.outcome === 'unknown'
  const Icon = check.passed
    ? Check
    : unknown
      ? TriangleAlert
      : check.expected === 'denied'
        ? ShieldAlert
        : CircleX
  return (
    <span
      className={cn(
        'flex items-center gap-1.5 font-medium',
        check.passed ? 'text-ok' : unknown ? 'text-warn' : 'text-bad',
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      {OUTCOME_LABELS[check.outcome]}
    </span>
  )
}
