import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { isStatus } from '@/api/client'
import { findings } from '@/api/mutations'
import { q } from '@/api/queries'
import type { Finding } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert, Empty, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { tellForm, useZodForm } from '@/lib/form'
import { dateTime } from '@/lib/time'
import { nameOf, Source } from './finding-row'

const route = getRouteApi('/_app/knowledge')
const DAY_S = 86_400

const schema = z.object({
  title: z.string(),
  content: z.string().check(z.minLength(1, 'Write what was found.')),
  tags: z.string(),
  /** Seconds, `never`, or empty: as it is. */
  keep: z.string(),
})

interface Props {
  /** An id, or `new`. */
  id: string
  onClose: () => void
}

/** Adds a finding, or shows and changes one. */
export function FindingSheet({ id, onClose }: Props) {
  const fresh = id === 'new'
  const finding = useQuery({ ...q.finding(id), enabled: !fresh, staleTime: 0 })
  if (fresh) return <Form onClose={onClose} />
  if (finding.data) return <Form saved={finding.data} onClose={onClose} />
  return (
    <Sheet open onClose={onClose} title="Finding">
      {finding.isPending && <SkeletonRows rows={3} />}
      {isStatus(finding.error, 404) && (
        <Empty title="This finding is not there any more">It was deleted, or its time was over.</Empty>
      )}
      {finding.isError && !isStatus(finding.error, 404) && (
        <LoadError what="The finding" error={finding.error} onRetry={() => finding.refetch()} />
      )}
    </Sheet>
  )
}

function Form({ saved, onClose }: { saved?: Finding; onClose: () => void }) {
  const [trouble, setTrouble] = useState<string | null>(null)
  const form = useZodForm(schema, {
    defaultValues: {
      title: saved?.title ?? '',
      content: saved?.content ?? '',
      tags: saved?.tags.join(', ') ?? '',
      keep: saved?.expiresAt ? '' : 'never',
    },
  })
  const { errors, isSubmitting, isDirty, dirtyFields } = form.formState
  const submit = form.handleSubmit(async ({ title, content, tags, keep }) => {
    setTrouble(null)
    const body = {
      // What is emptied is told as `null`; a new one just goes without.
      title: title.trim() || (saved ? null : undefined),
      content,
      tags: tags.split(/[\s,#]+/).filter(Boolean),
      ...(dirtyFields.keep && keep !== '' && { ttlSeconds: keep === 'never' ? null : Number(keep) }),
    }
    try {
      const merged = saved
        ? await findings.change(saved.id, body).then(() => false)
        : await findings.create(body)
      toast.done(merged ? 'You had this finding already' : saved ? 'Finding saved' : 'Finding added')
      onClose()
    } catch (error) {
      setTrouble(tellForm(form, error))
    }
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? nameOf(saved) : 'Add a finding'}
      footer={
        <>
          <Button look="primary" busy={isSubmitting} disabled={saved && !isDirty} onClick={submit}>
            {saved ? 'Save changes' : 'Add finding'}
          </Button>
          {saved && (
            <RemoveButton
              title={`Delete “${nameOf(saved)}”?`}
              description="Your agents do not find it any more. This cannot be taken back."
              action="Delete finding"
              remove={() => findings.remove(saved.id)}
              done="Finding deleted"
              failed="The finding was not deleted"
              onRemoved={onClose}
            />
          )}
        </>
      }
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-5 px-5 py-5">
        <Field label="Title" error={errors.title?.message} hint="Can be left empty.">
          {(wiring) => <Input {...wiring} autoComplete="off" {...form.register('title')} />}
        </Field>
        <Field label="What was found" error={errors.content?.message}>
          {(wiring) => <Textarea {...wiring} rows={10} {...form.register('content')} />}
        </Field>
        <Field label="Tags" error={errors.tags?.message} hint="Separated by commas.">
          {(wiring) => (
            <Input {...wiring} autoCapitalize="off" autoComplete="off" {...form.register('tags')} />
          )}
        </Field>
        <Field label="Keep it">
          {(wiring) => (
            <Select {...wiring} {...form.register('keep')}>
              {saved?.expiresAt && <option value="">Until {dateTime(saved.expiresAt)}</option>}
              <option value="never">For ever</option>
              <option value={DAY_S}>For a day</option>
              <option value={7 * DAY_S}>For a week</option>
              <option value={30 * DAY_S}>For 30 days</option>
            </Select>
          )}
        </Field>
        {trouble && <Alert title="This did not work">{trouble}</Alert>}
        {saved && <About finding={saved} />}
        <button type="submit" hidden />
      </form>
    </Sheet>
  )
}

/** Where it comes from, and what is much like it. */
function About({ finding }: { finding: Finding }) {
  const search = route.useSearch()
  return (
    <div className="flex flex-col gap-4 border-t pt-5 text-sm">
      <p className="text-muted">
        Saved <Source finding={finding} /> · {dateTime(finding.createdAt)}
      </p>
      {finding.similar.length > 0 && (
        <section aria-label="Much like it">
          <h3 className="text-sm">Much like it</h3>
          <ul className="mt-2 flex flex-col gap-1.5">
            {finding.similar.map((other) => (
              <li key={other.id}>
                <Link
                  to="/knowledge"
                  search={{ ...search, open: other.id }}
                  className="text-accent hover:underline"
                >
                  {other.title ?? 'Without a title'}
                </Link>
                <span className="tnum ml-2 text-xs text-muted">{Math.round(other.score * 100)} % alike</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
