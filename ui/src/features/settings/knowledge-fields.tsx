import type { Embeddings, KnowledgeSettings } from '@/api/types'
import { Card, CardHeader } from '@/components/ui/card'
import { Field, Input, SecretInput, Select } from '@/components/ui/field'

const SOURCES: [Embeddings['source'], string][] = [
  ['builtin', 'The model that comes with Mosaic'],
  ['endpoint', 'A server with OpenAI’s embeddings API'],
  ['off', 'Off: search by words only'],
]

/** The text search configurations of Postgres. */
const LANGUAGES =
  'simple arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian indonesian irish italian lithuanian nepali norwegian portuguese romanian russian serbian spanish swedish tamil turkish yiddish'.split(
    ' ',
  )

interface Props {
  value: KnowledgeSettings
  errors: Record<string, string>
  onChange: (value: KnowledgeSettings) => void
}

/** How findings and conversations are searched. */
export function KnowledgeFields({ value, errors, onChange }: Props) {
  const { embeddings, textSearchLanguage } = value
  const change = (next: Partial<Embeddings>) => onChange({ ...value, embeddings: { ...embeddings, ...next } })
  const error = (name: string) => errors[`knowledge.${name}`]
  return (
    <Card>
      <CardHeader title="Knowledge">
        How findings and conversations are searched. After a change, existing texts are indexed again in the
        background while search keeps working.
      </CardHeader>
      <div className="grid gap-5 px-5 py-5 sm:grid-cols-2">
        <Field
          label="Search by meaning"
          error={error('embeddings.source')}
          hint="The built-in model needs no key and no network."
        >
          {(controlProps) => (
            <Select
              {...controlProps}
              value={embeddings.source}
              onChange={(event) => change({ source: event.target.value as Embeddings['source'] })}
            >
              {SOURCES.map(([source, label]) => (
                <option key={source} value={source}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field
          label="Language of most texts"
          error={error('textSearchLanguage')}
          hint="Search then finds all forms of a word. Simple: only words as they are written."
        >
          {(controlProps) => (
            <Select
              {...controlProps}
              value={textSearchLanguage}
              onChange={(event) => onChange({ ...value, textSearchLanguage: event.target.value })}
            >
              {LANGUAGES.map((language) => (
                <option key={language} value={language}>
                  {language.slice(0, 1).toUpperCase() + language.slice(1)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {embeddings.source === 'endpoint' && (
          <Endpoint embeddings={embeddings} error={error} onChange={change} />
        )}
      </div>
    </Card>
  )
}

interface EndpointProps {
  embeddings: Embeddings
  error: (name: string) => string | undefined
  onChange: (next: Partial<Embeddings>) => void
}

function Endpoint({ embeddings: { baseUrl, model, apiKey }, error, onChange }: EndpointProps) {
  const stored = typeof apiKey === 'string' ? null : apiKey
  return (
    <>
      <Field label="API address" error={error('embeddings.baseUrl')} hint="Including /v1.">
        {(controlProps) => (
          <Input
            {...controlProps}
            type="url"
            spellCheck={false}
            autoCapitalize="off"
            placeholder="https://llm.example.org/v1"
            value={baseUrl ?? ''}
            onChange={(event) => onChange({ baseUrl: event.target.value || null })}
          />
        )}
      </Field>
      <Field label="Model" error={error('embeddings.model')}>
        {(controlProps) => (
          <Input
            {...controlProps}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            value={model ?? ''}
            onChange={(event) => onChange({ model: event.target.value || null })}
          />
        )}
      </Field>
      <Field
        label="API key"
        error={error('embeddings.apiKey')}
        hint={
          stored?.set
            ? `Set${stored.endsIn && `, ends in ${stored.endsIn}`}. Leave empty to keep it.`
            : 'Leave empty if the server needs none.'
        }
      >
        {(controlProps) => (
          <SecretInput
            {...controlProps}
            autoComplete="off"
            value={typeof apiKey === 'string' ? apiKey : ''}
            onChange={(event) => onChange({ apiKey: event.target.value })}
          />
        )}
      </Field>
    </>
  )
}
