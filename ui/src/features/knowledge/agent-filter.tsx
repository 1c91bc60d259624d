import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { Select } from '@/components/ui/field'

interface Props {
  value: string
  onChange: (agent: string) => void
  /** The label of the option for no agent; without it one agent is always selected. */
  all?: string
}

export function AgentFilter({ value, onChange, all }: Props) {
  const { data } = useQuery(queries.agents)
  return (
    <Select
      aria-label="Agent"
      className="w-44 max-sm:flex-1"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {all && <option value="">{all}</option>}
      {data?.items.map((agent) => (
        <option key={agent.id} value={agent.id}>
          {agent.name}
        </option>
      ))}
    </Select>
  )
}

/** Returns the name of an agent, or a placeholder for a deleted one. */
export function useAgentName(): (id: string | null | undefined) => string | null {
  const { data } = useQuery(queries.agents)
  return (id) =>
    id == null ? null : (data?.items.find((agent) => agent.id === id)?.name ?? 'a deleted agent')
}
