/**
 * Outcomes of a rule, remembered by the bytes of its inputs: codes and bands repeat, so that most rows never reach the rule
 * (decision 0008). Called by `rule-evaluator.ts`.
 */
import type { Evaluate, Outcome } from './rule-outcome.ts'
import { copyWords, hashWords, sameWords, viewOf } from './words.ts'

const SLOTS = 4096
/** Rows after which a memory that found fewer than one row in four is given up. */
const TRIAL_ROWS = 4096
/** Longer inputs are documents, which do not repeat: keeping them would cost more memory than a run has. */
const LONGEST_KEY_BYTES = 1024

/** Neighbouring fields, from the first to the one after the last. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** The fields that a rule reads, as few stretches of bytes. */
function stretchesOf(fields: readonly number[]): readonly Stretch[] {
  const stretches: { from: number; to: number }[] = []
  for (const field of [...new Set(fields)].sort((a, b) => a - b)) {
    const last = stretches.at(-1)
    if (last?.to === field) last.to += 1
    else stretches.push({ from: field, to: field + 1 })
  }
  return stretches
}

/** Room of a key: a later, longer one mostly fits where an earlier one was. */
const KEY_BYTES = 64
/** In the place of the size of a key: there is none. */
const NO_KEY = -1
const NO_VIEW = viewOf(new Uint8Array(0))

/** One slot a hash; a later outcome takes the place of an earlier one, and its memory. */
class Memory {
  readonly #stretches: readonly Stretch[]
  readonly #keys: DataView[] = new Array(SLOTS).fill(NO_VIEW)
  readonly #sizes = new Int32Array(SLOTS).fill(NO_KEY)
  readonly #outcomes: (Outcome | undefined)[] = new Array(SLOTS).fill(undefined)
  /** Of the row that was looked up last. */
  #slot = 0

  constructor(fields: readonly number[]) {
    this.#stretches = stretchesOf(fields)
  }

  /** Bytes of a row's inputs. */
  sizeOf(starts: Int32Array): number {
    let size = 0
    // sound, here and below, because the index is inside and a row has all the fields that stretches name.
    for (let index = 0; index < this.#stretches.length; index++) {
      const { from, to } = this.#stretches[index] as Stretch
      size += (starts[to] as number) - (starts[from] as number)
    }
    return size
  }

  find(view: DataView, starts: Int32Array): Outcome | undefined {
    const stretches = this.#stretches
    let hash = 0
    for (let index = 0; index < stretches.length; index++) {
      const { from, to } = stretches[index] as Stretch
      hash = hashWords(view, starts[from] as number, starts[to] as number, hash)
    }
    const slot = (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (SLOTS - 1)
    this.#slot = slot
    const key = this.#keys[slot] as DataView
    const keySize = this.#sizes[slot] as number
    let offset = 0
    for (let index = 0; index < stretches.length; index++) {
      const { from, to } = stretches[index] as Stretch
      const start = starts[from] as number
      const size = (starts[to] as number) - start
      if (offset + size > keySize || !sameWords(key, offset, view, start, size)) return undefined
      offset += size
    }
    return offset === keySize ? this.#outcomes[slot] : undefined
  }

  /** Keeps a copy of the outcome of the row that was looked up last, whose inputs have `size` bytes. */
  keep(outcome: Outcome, view: DataView, starts: Int32Array, size: number): void {
    const slot = this.#slot
    let key = this.#keys[slot] as DataView // sound because the slot is inside.
    if (size > key.byteLength) {
      // Not from the runtime's pool: one key that stays would keep the eight kilobytes around it.
      key = viewOf(new Uint8Array(Math.ceil(size / KEY_BYTES) * KEY_BYTES))
      this.#keys[slot] = key
    }
    let at = 0
    for (let index = 0; index < this.#stretches.length; index++) {
      const { from, to } = this.#stretches[index] as Stretch
      const start = starts[from] as number
      at = copyWords(view, start, (starts[to] as number) - start, key, at)
    }
    this.#sizes[slot] = size
    this.#outcomes[slot] = outcome.copy(this.#outcomes[slot])
  }
}

/** The same evaluation, remembered; `fields` are those that it reads. Gives up when they hardly ever repeat. */
export function remembering(evaluate: Evaluate, fields: readonly number[]): Evaluate {
  let memory: Memory | null = new Memory(fields)
  let asked = 0
  let found = 0
  return (bytes, view, starts) => {
    if (memory === null) return evaluate(bytes, view, starts)
    const size = memory.sizeOf(starts)
    if (size > LONGEST_KEY_BYTES) return evaluate(bytes, view, starts)
    asked += 1
    const known = memory.find(view, starts)
    if (known !== undefined) {
      found += 1
      return known
    }
    const outcome = evaluate(bytes, view, starts)
    if (asked >= TRIAL_ROWS && found * 4 < asked) memory = null
    else if (outcome.wrong.length === 0) memory.keep(outcome, view, starts, size)
    return outcome
  }
}
