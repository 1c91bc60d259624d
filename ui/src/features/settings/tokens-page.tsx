import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import * as z from 'zod/mini'
import { auth } from '@/api/mutations'
import { queries } from '@/api/queries'
import type { Agent, Scope, Token } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Alert, Badge, EmptyState, LoadError, SkeletonRows } from '@/components/ui/feedback'
import { Checkbox, Field, Input, Select } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { applyServerErrors, useZodForm } from '@/lib/form'
import { formatDate, timeAgo } from '@/lib/time'
import { useTitle } from '@/lib/use-title'
import { ClientExample } from './client-example'

const SCOPES: Record<Scope, { label: string; about: string }> = {
  chat: { label: 'Chat', about: 'Talk to your agents, including with OpenAI clients' },
  knowledge: { label: 'Knowledge', about: 'Read and write findings, memory and conversations' },
  jobs: { label: 'Jobs', about: 'See your jobs and act on them' },
}

export function TokensPage() {
  useTitle('API tokens')
  const list = useQuery(queries.tokens)
  const { data: agents } = useQuery(queries.agents)
  const [adding, setAdding] = useState(false)
  const [revoking, setRevoking] = useState<Token | null>(null)
  const items = list.data?.items ?? []
  const add = (
    <Button variant="primary" size="md" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      Create token
    </Button>
  )
  return (
    <div className="flex flex-col gap-6">
      <Card>
        <CardHeader title="API tokens" actions={items.length > 0 && add}>
          For your programs. A token can do what you allow, in your name, until you revoke it.
        </CardHeader>
        {list.isPending && <SkeletonRows rows={2} />}
        {list.isError && !list.data && (
          <LoadError what="Your tokens" error={list.error} onRetry={() => list.refetch()} />
        )}
        {list.data && items.length === 0 && (
          <EmptyState icon={<KeyRound aria-hidden />} title="No token yet" action={add}>
            With a token any OpenAI client can talk to your agents.
          </EmptyState>
        )}
        <ul className="divide-y">
          {items.map((token) => (
            <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </ul>
      </Card>
      <ClientExample agent={agents?.items[0]} />
      {adding && <CreateTokenDialog agent={agents?.items[0]} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title={`Revoke ${revoking?.name ?? 'this token'}?`}
        description="Programs that use it are refused from now on. This cannot be undone."
        action="Revoke token"
        onConfirm={async () => {
          if (!revoking) return
          try {
            await auth.revokeToken(revoking.id)
          } catch (error) {
            toast.error('The token was not revoked', error)
            throw error
          }
          toast.success('Token revoked')
        }}
      />
    </div>
  )
}

function TokenRow({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const expired = token.expiresAt ? new Date(token.expiresAt).getTime() < Date.now() : false
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3.5">
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium">
          {token.name} <span className="font-mono text-xs font-normal text-muted">…{token.endsIn}</span>
        </p>
        <p className="text-xs text-muted">
          {token.lastUsedAt ? `Last used ${timeAgo(token.lastUsedAt)}` : 'Never used'}
          {token.expiresAt && !expired && ` · expires ${formatDate(token.expiresAt)}`}
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-1.5">
        {expired && <Badge tone="bad">Expired</Badge>}
        {token.scopes.map((scope) => (
          <Badge key={scope}>{SCOPES[scope]?.label ?? scope}</Badge>
        ))}
      </div>
      <Button variant="danger" size="sm" aria-label={`Revoke ${token.name}`} onClick={onRevoke}>
        Revoke
      </Button>
    </li>
  )
}

const schema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name that says where it is used.')),
  scopes: z.array(z.enum(['chat', 'knowledge', 'jobs'])).check(z.minLength(1, 'Allow at least one thing.')),
  expiresInDays: z.string(),
})

function CreateTokenDialog({ agent, onClose }: { agent: Agent | undefined; onClose: () => void }) {
  const [token, setToken] = useState<string | null>(null)
  const [errorText, setErrorText] = useState<string | null>(null)
  const form = useZodForm<z.infer<typeof schema>>(schema, {
    defaultValues: { name: '', scopes: ['chat'] as Scope[], expiresInDays: '90' },
  })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ name, scopes, expiresInDays }) => {
    setErrorText(null)
    try {
      const days = Number(expiresInDays)
      setToken((await auth.createToken({ name, scopes, expiresInDays: days > 0 ? days : undefined })).token)
    } catch (error) {
      setErrorText(applyServerErrors(form, error))
    }
  })
  if (token)
    return (
      <Dialog
        open
        onClose={onClose}
        title="Copy the token now"
        description="It is shown only once. Mosaic stores only a hash of it."
        footer={
          <Button variant="primary" onClick={onClose}>
            I have copied it
          </Button>
        }
      >
        <div className="flex items-center gap-1 rounded-control border bg-surface-2 py-1 pr-1 pl-2.5">
          <code className="min-w-0 flex-1 font-mono text-xs break-all">{token}</code>
          <CopyButton text={token} name="Copy the token" />
        </div>
        <p className="mt-3 text-xs text-muted">
          Use it as API key with the address {location.origin}/v1{agent && ` and the model ${agent.slug}`}.
        </p>
      </Dialog>
    )
  return (
    <Dialog open onClose={onClose} title="Create an API token">
      <form noValidate onSubmit={submit} className="flex flex-col gap-5">
        <Field
          label="Name"
          error={errors.name?.message}
          hint="For example the program or the machine that uses it."
        >
          {(controlProps) => (
            <Input {...controlProps} maxLength={80} autoComplete="off" {...form.register('name')} />
          )}
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 text-sm font-medium">What it may do</legend>
          {(Object.keys(SCOPES) as Scope[]).map((scope) => (
            <label key={scope} className="flex items-start gap-2.5 text-sm">
              <Checkbox value={scope} className="mt-0.5" {...form.register('scopes')} />
              <span>
                {SCOPES[scope].label}
                <span className="block text-xs text-muted">{SCOPES[scope].about}</span>
              </span>
            </label>
          ))}
          {errors.scopes && <p className="text-xs text-bad">{errors.scopes.message}</p>}
        </fieldset>
        <Field label="Expires" error={errors.expiresInDays?.message}>
          {(controlProps) => (
            <Select {...controlProps} {...form.register('expiresInDays')}>
              <option value="30">In 30 days</option>
              <option value="90">In 90 days</option>
              <option value="365">In a year</option>
              <option value="0">Never</option>
            </Select>
          )}
        </Field>
        {errorText && <Alert>{errorText}</Alert>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
