/** What a page finds: the answers to its questions, again when the version was switched meanwhile, and why when none came. */
import { asVitrineError, type ErrorCode, VitrineError } from '../base/errors.ts'
import type { TileState } from '../drawing/answer.ts'
import type { Reading } from '../drawing/reading.ts'
import { type Answers, type Ask, type Look, Switched, type VersionFacts } from './answers.ts'
import type { Freshness, PageContext } from './context.ts'
import { pageFreshness, unreachable } from './freshness.ts'

/** How often a page looks again when a switch came between. */
export const LOOKS = 3

export interface Sees {
  /** Null: the target does not answer, and every state says so. */
  readonly facts: VersionFacts | null
  readonly freshness: Freshness
}

/** Answers that are on their way; they reject with `Switched` alone. */
export interface Looked extends Sees {
  readonly states: Look['states']
}

export interface Found extends Sees {
  readonly states: readonly TileState[]
}

interface Ports {
  readonly answers: Answers
  readonly context: Pick<PageContext, 'publication'>
}

/** Again when a switch came between. */
async function seen<T>(work: () => Promise<T>, otherwise: (code: ErrorCode) => T): Promise<T> {
  for (let times = 1; ; times++) {
    try {
      return await work()
    } catch (thrown) {
      if (thrown instanceof Switched && times < LOOKS) continue
      return otherwise(thrown instanceof Switched ? 'SERIALIZATION' : asVitrineError(thrown).code)
    }
  }
}

/** What there is, without a question. Never throws. */
export function see({ answers, context }: Ports, reading: Reading): Promise<Sees> {
  const publication = context.publication()
  const work = async () => {
    const facts = await answers.facts(publication)
    return { facts, freshness: pageFreshness(publication, facts, reading) }
  }
  return seen<Sees>(work, () => ({ facts: null, freshness: unreachable(reading) }))
}

async function looking({ answers, context }: Ports, reading: Reading, asks: readonly Ask[]): Promise<Looked> {
  const publication = context.publication()
  const looked = await answers.look(publication, asks)
  return { facts: looked, freshness: pageFreshness(publication, looked, reading), states: looked.states }
}

const failed = (reading: Reading, asks: readonly Ask[], code: ErrorCode): Found => ({
  facts: null,
  freshness: unreachable(reading),
  states: asks.map(() => ({ kind: 'failed', code })),
})

/** Never throws. */
export const look = (ports: Ports, reading: Reading, asks: readonly Ask[]): Promise<Looked> =>
  seen<Looked>(
    () => looking(ports, reading, asks),
    (code) => {
      const found = failed(reading, asks, code)
      return { ...found, states: found.states.map((state) => Promise.resolve(state)) }
    },
  )

/** All answers, of one version. Never throws. */
export const find = (ports: Ports, reading: Reading, asks: readonly Ask[]): Promise<Found> =>
  seen<Found>(
    async () => {
      const looked = await looking(ports, reading, asks)
      return { ...looked, states: await Promise.all(looked.states) }
    },
    (code) => failed(reading, asks, code),
  )

/** The state of a question that was waited for. Throws VitrineError for one that failed. */
export function answered(state: TileState | undefined): TileState {
  if (state === undefined || state.kind === 'failed') throw new VitrineError(state?.code ?? 'INTERNAL')
  return state
}
