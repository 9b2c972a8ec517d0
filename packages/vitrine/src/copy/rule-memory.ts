/**
 * Outcomes of a rule, remembered by the bytes of its inputs: codes and bands repeat, so that most rows never reach the rule
 * (decision 0008). Called by `rule-evaluator.ts`.
 */
import type { Evaluate, Outcome } from './rule-outcome.ts'
import { copyWords, hashWords, sameWords, viewOf } from './words.ts'

const SLOTS = 4096
/** Rows after which a memory that found fewer than one row in four is given up. */
const TRIAL_ROWS = 4096
/** Longer inputs are documents, which do not repeat: keeping them, or texts that rules make, would cost more memory than a run has. */
const LONGEST_KEY_BYTES = 1024
const LONGEST_OUTCOME_BYTES = 1024

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

/** The least room of an entry. */
const ENTRY_BYTES = 64
/** Entries lie in pieces of memory of this size: one of its own for each would be several objects to make and to collect. */
const SLAB_BYTES = 64 * 1024
/** In the place of the size of a key: there is none. */
const NO_KEY = -1
const NO_VIEW = viewOf(new Uint8Array(0))

/** One slot a hash; a later entry, a key and its outcome, takes the place of an earlier one, and its memory. */
class Memory {
  readonly #stretches: readonly Stretch[]
  /** Of each slot: where its key is, the bytes of the key, and how many there are for it and its outcome. */
  readonly #views: DataView[] = new Array(SLOTS).fill(NO_VIEW)
  readonly #places = new Int32Array(SLOTS)
  readonly #sizes = new Int32Array(SLOTS).fill(NO_KEY)
  readonly #rooms = new Int32Array(SLOTS)
  readonly #outcomes: (Outcome | undefined)[] = new Array(SLOTS).fill(undefined)
  #slab = NO_VIEW
  #used = SLAB_BYTES
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
    const key = this.#views[slot] as DataView
    const place = this.#places[slot] as number
    const keySize = this.#sizes[slot] as number
    let offset = 0
    for (let index = 0; index < stretches.length; index++) {
      const { from, to } = stretches[index] as Stretch
      const start = starts[from] as number
      const size = (starts[to] as number) - start
      if (offset + size > keySize || !sameWords(key, place + offset, view, start, size)) return undefined
      offset += size
    }
    return offset === keySize ? this.#outcomes[slot] : undefined
  }

  /** Keeps a copy of the outcome of the row that was looked up last, whose inputs have `size` bytes. */
  keep(outcome: Outcome, view: DataView, starts: Int32Array, size: number): void {
    const slot = this.#slot
    if (size + outcome.size > (this.#rooms[slot] as number)) this.#makeRoom(slot, size + outcome.size)
    // sound because the slot is inside.
    const entry = this.#views[slot] as DataView
    let at = this.#places[slot] as number
    for (let index = 0; index < this.#stretches.length; index++) {
      const { from, to } = this.#stretches[index] as Stretch
      const start = starts[from] as number
      at = copyWords(view, start, (starts[to] as number) - start, entry, at)
    }
    this.#sizes[slot] = size
    this.#outcomes[slot] = outcome.copyTo(entry, at)
  }

  /** A power of two: a slot whose entries become longer and longer leaves no more unused than it has. */
  #makeRoom(slot: number, size: number): void {
    let room = ENTRY_BYTES
    while (room < size) room *= 2
    if (this.#used + room > SLAB_BYTES) {
      this.#slab = viewOf(new Uint8Array(SLAB_BYTES))
      this.#used = 0
    }
    this.#views[slot] = this.#slab
    this.#places[slot] = this.#used
    this.#rooms[slot] = room
    this.#used += room
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
    else if (outcome.wrong.length === 0 && outcome.size <= LONGEST_OUTCOME_BYTES)
      memory.keep(outcome, view, starts, size)
    return outcome
  }
}
