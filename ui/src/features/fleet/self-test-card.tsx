import { Check, CircleX, ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react'
import { fleet } from '@/api/mutations'
import { q } from '@/api/queries'
import type { SelfTest, SelfTestCheck } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHead } from '@/components/ui/card'
import { Alert, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Progress } from '@/components/ui/progress'
import { HeadRow } from '@/components/ui/table'
import { cn } from '@/lib/cn'
import { ago } from '@/lib/time'
import { useAskedJob } from '@/lib/use-asked-job'

/** Proves from inside what agents can reach and what they cannot. */
export function SelfTestCard() {
  const [last, { begin, going, busy, job }] = useAskedJob(
    q.selfTest,
    fleet.selfTest,
    'The self-test was not started',
  )
  return (
    <Card className="overflow-hidden">
      <CardHead
        title="Isolation"
        actions={
          <Button size="md" busy={busy} onClick={begin}>
            {last.data ? 'Run the self-test again' : 'Run the self-test'}
          </Button>
        }
      >
        The self-test tries, from inside a container, to reach what no agent may reach. First it shows that
        each target would have answered.
      </CardHead>
      {last.isPending && <SkeletonRows rows={2} />}
      {last.isError && !last.data && (
        <LoadError what="The self-test" error={last.error} onRetry={() => last.refetch()} />
      )}
      {going && (
        <div className="flex flex-col gap-2 border-b px-5 py-4">
          <p role="status" className="text-sm">
            {job?.progress ? `Trying to break out: ${job.progress} % done` : 'The self-test begins'}
          </p>
          <Progress label="Self-test" value={job?.progress ? job.progress / 100 : null} />
        </div>
      )}
      {last.data === null && !going && (
        <p className="px-5 py-4 text-sm text-muted">
          It was never run here. It takes about a minute and disturbs nobody.
        </p>
      )}
      {last.data && last.data.state !== 'running' && <Result test={last.data} />}
    </Card>
  )
}

function Result({ test }: { test: SelfTest }) {
  return (
    <>
      <div className="px-5 py-4">
        <Verdict test={test} />
      </div>
      {test.checks.length > 0 && <Matrix checks={test.checks} />}
    </>
  )
}

function Verdict({ test }: { test: SelfTest }) {
  const when = test.finishedAt ? ` ${ago(test.finishedAt)}.` : ''
  if (test.enforced === false)
    return (
      <Alert title="Not enforced">
        {test.summary} Until the guard runs, agents can reach this host and its network. Start mosaic guard,
        or run mosaic up as root.
      </Alert>
    )
  if (test.state === 'failed')
    return (
      <Alert tone="warn" title="The self-test did not come to its end">
        {test.summary}
      </Alert>
    )
  const passed = test.checks.every((check) => check.passed)
  if (!passed) return <Alert title="A wall has a hole">{test.summary}</Alert>
  return (
    <p className="flex items-start gap-2.5 text-sm">
      <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
      <span>
        <span className="font-medium">The walls hold.</span> {test.summary}
        <span className="text-muted">{when && ` Tried${when}`}</span>
      </span>
    </p>
  )
}

const WORDS: Record<SelfTestCheck['outcome'], string> = {
  denied: 'Denied',
  allowed: 'Reached',
  unknown: 'Not known',
}

function Matrix({ checks }: { checks: SelfTestCheck[] }) {
  return (
    <table aria-label="What was tried" className="w-full border-t text-sm">
      <thead>
        <HeadRow>
          <th scope="col" className="pl-5!">
            Target
          </th>
          <th scope="col" className="max-md:hidden">
            Would have answered
          </th>
          <th scope="col" className="max-sm:hidden">
            Wanted
          </th>
          <th scope="col" className="pr-5!">
            Found
          </th>
        </HeadRow>
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
            <td className="text-muted max-sm:hidden">{WORDS[check.expected]}</td>
            <td className="pr-5! whitespace-nowrap">
              <Found check={check} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Found({ check }: { check: SelfTestCheck }) {
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
      {WORDS[check.outcome]}
    </span>
  )
}
