import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, Moon, Pause } from 'lucide-react'
import type { ComponentType } from 'react'
import type { FleetContainer } from '@/api/types'
import { Badge, type Tone } from '@/components/ui/feedback'

interface StateStyle {
  word: string
  tone: Tone
  Icon: ComponentType<{ 'aria-hidden': true; className?: string }>
}
const STATE_STYLES: Record<string, StateStyle> = {
  absent: { word: 'Not created', tone: 'neutral', Icon: CircleDashed },
  stopped: { word: 'Asleep', tone: 'neutral', Icon: Moon },
  paused: { word: 'Paused', tone: 'neutral', Icon: Pause },
  starting: { word: 'Starting', tone: 'accent', Icon: LoaderCircle },
  ready: { word: 'Awake', tone: 'ok', Icon: CircleCheck },
  failed: { word: 'Failed', tone: 'bad', Icon: CircleAlert },
}

interface ContainerState {
  state: string
  /** Unknown in some lists. */
  desired?: FleetContainer['desired']
}

/** A container that still runs but is to be stopped shows as stopping. */
export function styleOf({ state, desired }: ContainerState): StateStyle {
  const style = STATE_STYLES[state] ?? { word: state, tone: 'neutral', Icon: CircleDashed }
  const up = state === 'ready' || state === 'starting' || state === 'paused'
  return desired === 'stopped' && up
    ? { ...style, word: 'Stopping', tone: 'warn', Icon: LoaderCircle }
    : style
}

export function ContainerStateBadge(props: ContainerState) {
  const { word, tone, Icon } = styleOf(props)
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className={Icon === LoaderCircle ? 'animate-spin' : undefined} />
      {word}
    </Badge>
  )
}
