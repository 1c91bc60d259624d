import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as z from 'zod/mini'
import { isStatus } from '@/api/client'
import { findings } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Finding } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Alert, EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { RemoveButton } from '@/components/ui/remove-button'
import { Sheet } from '@/components/ui/sheet'
import { toast } from '@/components/ui/toast'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { formatDateTime } from '@/lib/time'
import { Source, titleOf } from './finding-row'

const route = getRouteApi('/_app/knowledge')
const DAY_SECONDS = 86_400

const schema = z.object({
  title: z.string(),
  content: z.string().check(z.minLength(1, 'Write what was found.')),
  tags: z.string(),
  /** Seconds, `never`, or empty for no change. */
  keep: z.string(),
})

interface Props {
  /** An id, or `new`. */
  id: string
  onClose: () => void
}

/** Creates or edits a finding. */
export function FindingSheet({ id, onClose }: Props) {
  const isNew = id === 'new'
  const finding = useQuery({ ...queries.finding(id), enabled: !isNew, staleTime: 0 })
  if (isNew) return <FindingForm onClose={onClose} />
  if (finding.data) return <FindingForm saved={finding.data} onClose={onClose} />
  return (
    <Sheet open onClose={onClose} title="Finding">
      {finding.isPending && <SkeletonRows rows={3} />}
      {isStatus(finding.error, 404) && (
        <EmptyState title="This finding no longer exists">It was deleted, or it expired.</EmptyState>
      )}
      {finding.isError && !isStatus(finding.error, 404) && (
        <LoadError what="The finding" error={finding.error} onRetry={() => finding.refetch()} />
      )}
    </Sheet>
  )
}

function FindingForm({ saved, onClose }: { saved?: Finding; onClose: () => void }) {
  const [errorText, setErrorText] = useState<string | null>(null)
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
    setErrorText(null)
    const body = {
      // `null` clears the title of a saved finding; a new one leaves it out.
      title: title.trim() || (saved ? null : undefined),
      content,
      tags: tags.split(/[\s,#]+/).filter(Boolean),
      ...(dirtyFields.keep && keep !== '' && { ttlSeconds: keep === 'never' ? null : Number(keep) }),
    }
    try {
      const merged = saved
        ? await findings.change(saved.id, body).then(() => false)
        : await findings.create(body)
      toast.success(merged ? 'You already had this finding' : saved ? 'Finding saved' : 'Finding added')
      onClose()
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={saved ? titleOf(saved) : 'Add a finding'}
      footer={
        <>
          <Button variant="primary" busy={isSubmitting} disabled={saved && !isDirty} onClick={submit}>
            {saved ? 'Save changes' : 'Add finding'}
          </Button>
          {saved && (
            <RemoveButton
              title={`Delete “${titleOf(saved)}”?`}
              description="Your agents no longer find it. This cannot be undone."
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
        <Field label="Title" error={errors.title?.message} hint="Optional.">
          {(controlProps) => <Input {...controlProps} autoComplete="off" {...form.register('title')} />}
        </Field>
        <Field label="What was found" error={errors.content?.message}>
          {(controlProps) => <Textarea {...controlProps} rows={10} {...form.register('content')} />}
        </Field>
        <Field label="Tags" error={errors.tags?.message} hint="Separated by commas.">
          {(controlProps) => (
            <Input {...controlProps} autoCapitalize="off" autoComplete="off" {...form.register('tags')} />
          )}
        </Field>
        <Field label="Keep it">
          {(controlProps) => (
            <Select {...controlProps} {...form.register('keep')}>
              {saved?.expiresAt && <option value="">Until {formatDateTime(saved.expiresAt)}</option>}
              <option value="never">Forever</option>
              <option value={DAY_SECONDS}>For a day</option>
              <option value={7 * DAY_SECONDS}>For a week</option>
              <option value={30 * DAY_SECONDS}>For 30 days</option>
            </Select>
          )}
        </Field>
        {errorText && <Alert title="This did not work">{errorText}</Alert>}
        {saved && <FindingDetails finding={saved} />}
        <button type="submit" hidden />
      </form>
    </Sheet>
  )
}

/** The source of a finding, and similar ones. */
function FindingDetails({ finding }: { finding: Finding }) {
  const search = route.useSearch()
  return (
    <div className="flex flex-col gap-4 border-t pt-5 text-sm">
      <p className="text-muted">
        Saved <Source finding={finding} /> · {formatDateTime(finding.createdAt)}
      </p>
      {finding.similar.length > 0 && (
        <section aria-label="Similar findings">
          <h3 className="text-sm">Similar findings</h3>
          <ul className="mt-2 flex flex-col gap-1.5">
            {finding.similar.map((other) => (
              <li key={other.id}>
                <Link
                  to="/knowledge"
                  search={{ ...search, open: other.id }}
                  className="text-accent hover:underline"
                >
                  {other.title ?? 'Untitled'}
                </Link>
                <span className="tnum ml-2 text-xs text-muted">
                  {Math.round(other.score * 100)} % similar
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
