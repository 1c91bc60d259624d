import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, Moon, Pause } from 'lucide-react'
import type { ComponentType } from 'react'
import type { FleetContainer } from '@/api/types'
import { Badge, type Tone } from '@/components/ui/feedback'

interface Look {
  word: string
  tone: Tone
  Icon: ComponentType<{ 'aria-hidden': true; className?: string }>
}
const STATES: Record<string, Look> = {
  absent: { word: 'Not made', tone: 'neutral', Icon: CircleDashed },
  stopped: { word: 'Asleep', tone: 'neutral', Icon: Moon },
  paused: { word: 'Paused', tone: 'neutral', Icon: Pause },
  starting: { word: 'Starting', tone: 'accent', Icon: LoaderCircle },
  ready: { word: 'Awake', tone: 'ok', Icon: CircleCheck },
  failed: { word: 'Failed', tone: 'bad', Icon: CircleAlert },
}

interface Standing {
  state: string
  /** What is wanted, where that is told. */
  desired?: FleetContainer['desired']
}

/** What is wanted and not there yet shows in the word. */
export function lookOf({ state, desired }: Standing): Look {
  const look = STATES[state] ?? { word: state, tone: 'neutral', Icon: CircleDashed }
  const up = state === 'ready' || state === 'starting' || state === 'paused'
  return desired === 'stopped' && up ? { ...look, word: 'Stopping', tone: 'warn', Icon: LoaderCircle } : look
}

/** How a container stands, as a badge. */
export function State(standing: Standing) {
  const { word, tone, Icon } = lookOf(standing)
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className={Icon === LoaderCircle ? 'animate-spin' : undefined} />
      {word}
    </Badge>
  )
}
