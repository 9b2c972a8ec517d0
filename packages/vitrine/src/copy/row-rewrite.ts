/**
 * Rewrites rows of a binary COPY: decodes only the inputs of the rules, which stand first, moves what is published on as
 * bytes, and appends the fields that the rules give. The rules themselves are run by `rule-evaluator.ts`.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { Blocks } from './blocks.ts'
import { evaluatorOf } from './rule-evaluator.ts'
import type { Evaluate, Outcome, Wrong } from './rule-outcome.ts'
import { MESSAGE } from './wire.ts'
import { viewOf } from './words.ts'

/** `PGCOPY\n\377\r\n\0`, flags, length of the header's extension (manual of COPY, "Binary Format"). */
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00', 'hex')
const HEADER = SIGNATURE.length + 8
/** Type and length of a message. */
const HEAD = 5

export interface Violation {
  readonly code: ErrorCode
  readonly column: string
  readonly rows: number
}

const NO_BYTES = Buffer.alloc(0)

/** Rewrites the rows of one table into blocks. Feed it whole CopyData frames, one after another. */
export class RowRewriter {
  readonly #evaluate: readonly Evaluate[]
  readonly #blocks: Blocks
  readonly #violations = new Map<string, { code: ErrorCode; column: string; rows: number }>()
  readonly #found: Outcome[] = []
  /** Where the row's input fields begin, each with its length word, and where the last one ends. */
  readonly #starts: Int32Array
  readonly #hidden: number
  readonly #fieldsOut: number
  /** The buffer of the frame that is being read, words of it, and its place beside the blocks. */
  #buffer: Buffer = NO_BYTES
  #view: DataView = viewOf(NO_BYTES)
  #place = -1
  #started = false
  /** Rows that the rules left out. */
  dropped = 0
  /** Rows with something unknown, by reason. */
  readonly unknown = new Map<string, number>()

  /** The projection knows the types of its inputs. */
  constructor(table: PublishedTable, projection: Projection, key: Secret | null, blocks: Blocks) {
    this.#evaluate = projection.computations.map((fields) => evaluatorOf(fields, projection, table, key))
    this.#starts = new Int32Array(projection.inputFields + 1)
    this.#hidden = projection.hiddenFields
    this.#fieldsOut = projection.passed.length + projection.computed.length
    this.#blocks = blocks
  }

  get violations(): readonly Violation[] {
    return [...this.#violations.values()]
  }

  /** One frame, from its type byte to its end; `view` is over the same bytes. */
  frame(bytes: Buffer, view: DataView, start: number, end: number): void {
    if (bytes !== this.#buffer) {
      this.#buffer = bytes
      this.#view = view
      this.#place = this.#blocks.placeOf(bytes)
    }
    let at = start + HEAD
    if (!this.#started) at = this.#header(bytes, at)
    // Nothing but the COPY header, or the trailer: a field count of -1.
    if (at === end) return
    if (view.getInt16(at) === -1) {
      this.#pass(at, end - at)
      return
    }
    const starts = this.#starts
    starts[0] = at += 2
    for (let field = 1; field < starts.length; field++) {
      const length = view.getInt32(at)
      starts[field] = at += 4 + (length > 0 ? length : 0)
    }
    let size = 0
    let reason: string | null = null
    for (let index = 0; index < this.#evaluate.length; index++) {
      const outcome = (this.#evaluate[index] as Evaluate)(bytes, view, starts) // sound because the index is inside.
      if (outcome.wrong.length > 0) this.#count(outcome.wrong)
      if (!outcome.keep) {
        this.dropped += 1
        return
      }
      if (outcome.unknown !== null) reason = outcome.unknown
      size += outcome.size
      this.#found[index] = outcome
    }
    if (reason !== null) this.unknown.set(reason, (this.unknown.get(reason) ?? 0) + 1)
    // A row with a violation would not fit its table; the run stops after the count, so it needs no place there.
    if (this.#violations.size === 0) this.#write(starts[this.#hidden] ?? at, end, size)
  }

  #count(wrong: readonly Wrong[]): void {
    for (const { code, column } of wrong) {
      const key = `${code} ${column}`
      const known = this.#violations.get(key) ?? { code, column, rows: 0 }
      known.rows += 1
      this.#violations.set(key, known)
    }
  }

  /** The header of the COPY becomes a frame of its own. Gives where the first row begins. */
  #header(bytes: Buffer, at: number): number {
    if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, at, at + SIGNATURE.length) !== 0)
      throw new RangeError('no COPY header')
    const length = HEADER + bytes.readInt32BE(at + HEADER - 4)
    this.#started = true
    this.#pass(at, length)
    return at + length
  }

  /** Makes room for a CopyData frame of so many bytes, writes its head, and gives where they go. */
  #open(length: number): number {
    const blocks = this.#blocks
    const at = blocks.reserve(HEAD + length)
    blocks.view.setUint8(at, MESSAGE.copyData)
    blocks.view.setInt32(at + 1, length + 4)
    return at + HEAD
  }

  /** One CopyData frame of the bytes as they came. */
  #pass(start: number, length: number): void {
    const at = this.#open(length)
    this.#blocks.filled = this.#blocks.move(this.#view, this.#place, start, length, at)
  }

  /** One CopyData frame: the field count, the passed bytes from `start` to `end`, the computed fields. */
  #write(start: number, end: number, size: number): void {
    let at = this.#open(2 + (end - start) + size)
    const { view } = this.#blocks
    view.setInt16(at, this.#fieldsOut)
    at = this.#blocks.move(this.#view, this.#place, start, end - start, at + 2)
    for (let index = 0; index < this.#found.length; index++) at = (this.#found[index] as Outcome).write(view, at)
    this.#blocks.filled = at
  }
}
