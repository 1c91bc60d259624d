import { useQuery } from '@tanstack/react-query'
import { q } from '@/api/queries'
import { Select } from '@/components/ui/field'

interface Props {
  value: string
  onChange: (agent: string) => void
  /** What the choice of none is called; without it there is always one. */
  all?: string
}

/** Whose knowledge it is about. */
export function AgentFilter({ value, onChange, all }: Props) {
  const { data } = useQuery(q.agents)
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

/** The name of an agent, also of one that is gone. */
export function useAgentName(): (id: string | null | undefined) => string | null {
  const { data } = useQuery(q.agents)
  return (id) =>
    id == null ? null : (data?.items.find((agent) => agent.id === id)?.name ?? 'a deleted agent')
}
