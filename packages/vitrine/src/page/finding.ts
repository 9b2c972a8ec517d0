/** What a page finds: the answers that came in time, again when the version was switched meanwhile, and why when none came. */
import { asVitrineError, VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { TileState } from '../drawing/answer.ts'
import { type Answers, type Ask, type Facts, type Look, Switched } from './answers.ts'
import type { Freshness, PageCall, PageContext } from './context.ts'
import { freshnessOf, unreachable } from './freshness.ts'

/** How often a page looks again when a switch came between. */
const LOOKS = 3

/** What was found of some questions until a page had to be sent. */
export interface Found {
  readonly facts: Facts | null
  readonly freshness: Freshness
  /** Undefined where the answer is still to come. */
  readonly states: readonly (TileState | undefined)[]
}

/** Looks again when the version was switched meanwhile. Never throws but what is no error of the target. */
export async function find(
  { answers, context }: { readonly answers: Answers; readonly context: PageContext },
  call: PageCall,
  asking: (facts: Facts, freshness: Freshness) => readonly Ask[],
  deadlineMs: number | null,
): Promise<Found> {
  const publication = context.publication()
  const { reading } = call.var.visitor
  let count = 0
  for (let look = 1; ; look++) {
    try {
      let freshness = unreachable(reading)
      const found = await answers.look(publication, (facts) => {
        freshness = freshnessOf(publication, facts, reading)
        const asks = asking(facts, freshness)
        count = asks.length
        return asks
      })
      return { facts: found, freshness, states: await settled(found, deadlineMs) }
    } catch (thrown) {
      if (thrown instanceof Switched && look < LOOKS) continue
      const code = thrown instanceof Switched ? 'SERIALIZATION' : asVitrineError(thrown).code
      const state = { kind: 'failed', code } as const
      if (count === 0)
        count = asking({ version: null, ages: [], now: context.clock.now() }, unreachable(reading)).length
      return { facts: null, freshness: unreachable(reading), states: Array.from({ length: count }, () => state) }
    }
  }
}

async function settled({ states }: Look, deadlineMs: number | null): Promise<readonly (TileState | undefined)[]> {
  const told: (TileState | undefined)[] = states.map(() => undefined)
  const tell = async (state: Promise<TileState>, at: number): Promise<void> => {
    told[at] = await state
  }
  const all = Promise.all(states.map(tell))
  if (deadlineMs === null) await all
  else {
    const over = new AbortController()
    await Promise.race([all, pause(deadlineMs, over.signal)]).finally(() => over.abort())
    all.catch(() => undefined)
  }
  return told
}

/** The state of a question that was waited for. Throws VitrineError for one that failed. */
export function answered(state: TileState | undefined): TileState {
  if (state === undefined || state.kind === 'failed') throw new VitrineError(state?.code ?? 'INTERNAL')
  return state
}
