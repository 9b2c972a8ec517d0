/**
 * Rewrites rows of a binary COPY in place: decodes only the inputs of the rules, which stand first, moves the rest of the
 * row down as bytes, and appends the fields that the rules give. The rules themselves are run by `rule-evaluator.ts`.
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
/** At the beginning: enough for rows that grow a little. */
const FIRST_HEADROOM_BYTES = 16 * 1024
const MOST_HEADROOM_BYTES = 1024 * 1024

/**
 * Rewrites the rows of one table inside the buffer in which they came. Feed it whole CopyData frames, one after another;
 * `flush`, at the end of each buffer, hands on what is ready for the target.
 */
export class RowRewriter {
  readonly #fields: readonly ComputationFields[]
  readonly #evaluate: readonly Evaluate[]
  readonly #output: (bytes: Buffer) => void
  readonly #violations = new Map<string, { code: ErrorCode; column: string; rows: number }>()
  readonly #found: Outcome[] = []
  readonly #fieldsOut: number
  #buffer: Buffer | null = null
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Rows for the target stand in the buffer from here … */
  #from = 0
  /** … to here; never beyond the frame that is being read. */
  #to = 0
  #started = false
  /** Bytes to leave free before the first frame of a buffer, so that rows may grow. */
  headroom = FIRST_HEADROOM_BYTES
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

  /** What stands before `start` has been read and may be written over. */
  frame(bytes: Buffer, start: number, end: number): void {
    if (bytes !== this.#buffer) {
      this.#buffer = bytes
      this.#view = viewOf(bytes)
      this.#from = 0
      this.#to = 0
    }
    let at = start + HEAD
    if (!this.#started) at = this.#header(bytes, at)
    // Nothing but the COPY header, or the trailer: a field count of -1.
    if (at === end) return
    const view = this.#view
    if (view.getInt16(at) === -1) {
      this.#open(bytes, end - at)
      bytes.copyWithin(this.#to, at, end)
      this.#to += end - at
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
    if (this.#violations.size === 0) this.#write(bytes, at, end, size)
  }

  /** Hands on the bytes gathered so far. */
  flush(): void {
    if (this.#buffer !== null && this.#to > this.#from) this.#output(this.#buffer.subarray(this.#from, this.#to))
    this.#from = this.#to
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
    this.#open(bytes, length)
    bytes.copyWithin(this.#to, at, at + length)
    this.#to += length
    return at + length
  }

  /** The head of a CopyData frame. */
  #open(bytes: Buffer, length: number): void {
    bytes[this.#to] = MESSAGE.copyData
    this.#view.setInt32(this.#to + 1, length + 4)
    this.#to += HEAD
  }

  /** One CopyData frame: the field count, the passed bytes, the computed fields. */
  #write(bytes: Buffer, restStart: number, end: number, size: number): void {
    const length = 2 + (end - restStart) + size
    if (this.#to + HEAD + length > end) {
      this.#writeApart(bytes, restStart, end, length)
      return
    }
    this.#open(bytes, length)
    let at = this.#to
    this.#view.setInt16(at, this.#fieldsOut)
    bytes.copyWithin(at + 2, restStart, end)
    at += 2 + end - restStart
    for (const outcome of this.#found) at = copyWords(outcome.view, outcome.size, this.#view, at)
    this.#to = at
  }

  /** A row that has grown beyond the room there is gets a buffer of its own, and the next buffer more room. */
  #writeApart(bytes: Buffer, restStart: number, end: number, length: number): void {
    this.headroom = Math.min(this.headroom * 2, MOST_HEADROOM_BYTES)
    this.flush()
    this.#from = end
    this.#to = end
    const row = Buffer.allocUnsafe(HEAD + length)
    row[0] = MESSAGE.copyData
    row.writeInt32BE(length + 4, 1)
    row.writeInt16BE(this.#fieldsOut, HEAD)
    let at = HEAD + 2
    at += bytes.copy(row, at, restStart, end)
    const view = viewOf(row)
    for (const outcome of this.#found) at = copyWords(outcome.view, outcome.size, view, at)
    this.#output(row)
  }
}
