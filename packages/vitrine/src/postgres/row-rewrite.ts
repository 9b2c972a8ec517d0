/**
 * Rewrites rows of a binary COPY: decodes only the inputs of the rules, which stand first, moves the rest of the row on as
 * bytes, and appends the fields that the rules give. The rules themselves are run by `rule-evaluator.ts`.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { ComputationFields, Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { type Evaluate, evaluatorOf, type Outcome } from './rule-evaluator.ts'
import { MESSAGE } from './wire.ts'
import { copyWords, viewOf } from './words.ts'

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

/** Rows are gathered in blocks of this size, each of which is one write: a buffer a row would cost more than its bytes. */
const BLOCK_BYTES = 64 * 1024
const NO_BLOCK = Buffer.alloc(0)

/**
 * Rewrites the rows of one table. Feed it whole CopyData frames, one after another; blocks of rows go to `output` as they
 * fill, the last one at `flush`.
 */
export class RowRewriter {
  readonly #fields: readonly ComputationFields[]
  readonly #evaluate: readonly Evaluate[]
  readonly #output: (bytes: Buffer) => void
  readonly #violations = new Map<string, { code: ErrorCode; column: string; rows: number }>()
  readonly #found: Outcome[] = []
  readonly #fieldsOut: number
  /** The buffer of the frame that is being read, and words of it. */
  #buffer: Buffer = NO_BLOCK
  #view: DataView = viewOf(NO_BLOCK)
  /** Rows for the target, up to `#filled`. */
  #block: Buffer = NO_BLOCK
  #blockView: DataView = viewOf(NO_BLOCK)
  #filled = 0
  #started = false
  /** Rows that the rules left out. */
  dropped = 0
  /** Rows with something unknown, by reason. */
  readonly unknown = new Map<string, number>()

  /** `oids` are the types of the SELECT's input fields, as the source describes them. */
  constructor(
    table: PublishedTable,
    projection: Projection,
    oids: readonly number[],
    key: Secret | null,
    output: (bytes: Buffer) => void,
  ) {
    this.#fields = projection.computations
    this.#evaluate = projection.computations.map((fields) => evaluatorOf(fields, oids, table, key))
    this.#fieldsOut = projection.passed.length + projection.computed.length
    this.#output = output
  }

  get violations(): readonly Violation[] {
    return [...this.#violations.values()]
  }

  /** One frame, from its type byte to its end. */
  frame(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.#buffer) {
      this.#buffer = bytes
      this.#view = viewOf(bytes)
    }
    let at = start + HEAD
    if (!this.#started) at = this.#header(bytes, at)
    // Nothing but the COPY header, or the trailer: a field count of -1.
    if (at === end) return
    const view = this.#view
    if (view.getInt16(at) === -1) {
      this.#pass(at, end - at)
      return
    }
    at += 2
    let size = 0
    let reason: string | null = null
    for (let index = 0; index < this.#fields.length; index++) {
      const from = at
      // sound because both arrays are built from the same computations.
      const { count } = this.#fields[index] as ComputationFields
      for (let field = 0; field < count; field++) {
        const length = view.getInt32(at)
        at += 4 + (length > 0 ? length : 0)
      }
      const outcome = (this.#evaluate[index] as Evaluate)(bytes, view, from, at) // sound because both arrays are built together.
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
    if (this.#violations.size === 0) this.#write(at, end, size)
  }

  /** Hands on the rows gathered so far. */
  flush(): void {
    if (this.#filled > 0) this.#output(this.#block.subarray(0, this.#filled))
    this.#block = NO_BLOCK
    this.#blockView = viewOf(NO_BLOCK)
    this.#filled = 0
  }

  #count(wrong: Outcome['wrong']): void {
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
    const size = HEAD + length
    if (this.#filled + size > this.#block.length) {
      this.flush()
      // Not from the runtime's pool: what is handed on stays whole until the target has it.
      this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, size))
      this.#blockView = viewOf(this.#block)
    }
    const at = this.#filled
    this.#blockView.setUint8(at, MESSAGE.copyData)
    this.#blockView.setInt32(at + 1, length + 4)
    return at + HEAD
  }

  /** One CopyData frame of the bytes as they came. */
  #pass(start: number, length: number): void {
    const at = this.#open(length)
    this.#filled = copyWords(this.#view, start, length, this.#blockView, at)
  }

  /** One CopyData frame: the field count, the passed bytes from `start` to `end`, the computed fields. */
  #write(start: number, end: number, size: number): void {
    let at = this.#open(2 + (end - start) + size)
    const view = this.#blockView
    view.setInt16(at, this.#fieldsOut)
    at = copyWords(this.#view, start, end - start, view, at + 2)
    for (const outcome of this.#found) at = copyWords(outcome.view, 0, outcome.size, view, at)
    this.#filled = at
  }
}
