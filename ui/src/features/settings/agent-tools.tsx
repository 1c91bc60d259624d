import type { UseFormReturn } from 'react-hook-form'
import type { AgentTool } from '@/api/types'
import { Checkbox } from '@/components/ui/field'
import type { AgentFormValues } from './agent-form'

const TOOLS: Record<AgentTool, { label: string; about: string }> = {
  read: { label: 'Read files', about: 'In its own workspace' },
  write: { label: 'Write files', about: 'In its own workspace' },
  edit: { label: 'Change files', about: 'In its own workspace' },
  exec: { label: 'Run commands', about: 'In its container. Such an agent can read your provider keys' },
  web_fetch: { label: 'Fetch web pages', about: 'If this Mosaic lets agents reach the internet' },
}
export const ALL_TOOLS = Object.keys(TOOLS) as AgentTool[]

/** The tools that the agent may use. */
export function ToolsField({ form }: { form: UseFormReturn<AgentFormValues> }) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">Tools</legend>
      {ALL_TOOLS.map((tool) => (
        <label key={tool} className="flex items-start gap-2.5 text-sm">
          <Checkbox value={tool} className="mt-0.5" {...form.register('tools')} />
          <span>
            {TOOLS[tool].label}
            <span className="block text-xs text-muted">{TOOLS[tool].about}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
