/**
 * Rewrites rows of a binary COPY: decodes only the inputs of the rules, which stand first, moves what is published on as
 * bytes, and appends the fields that the rules return. The rules themselves are run by `rule-evaluator.ts`.
 */
import type { Secret } from '../base/secret.ts'
import type { Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { Blocks } from './blocks.ts'
import { type Evaluate, evaluatorOf, type Outcome, type Wrong } from './rule-evaluator.ts'
import { HEAD, MESSAGE, viewOf } from './wire.ts'

/** `PGCOPY\n\377\r\n\0`, flags, length of the header's extension (manual of COPY, "Binary Format"). */
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00', 'hex')
const HEADER = SIGNATURE.length + 8

export interface Violation extends Wrong {
  readonly rows: number
}

/** Rewrites the rows of one table into blocks. */
export class RowRewriter {
  readonly #evaluate: readonly Evaluate[]
  readonly #blocks: Blocks
  readonly #violations = new Map<string, Violation>()
  readonly #found: Outcome[] = []
  /** Where the row's input fields begin, each with its length word, and where the last one ends. */
  readonly #starts: Int32Array
  readonly #hidden: number
  readonly #fieldsOut: number
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

  /** Whole CopyData frames, one after another. */
  frames(bytes: Buffer): void {
    const view = viewOf(bytes)
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + view.getInt32(at + 1)
      this.#frame(bytes, view, at + HEAD, end)
      at = end
    }
  }

  #frame(bytes: Buffer, view: DataView, start: number, end: number): void {
    let at = this.#started ? start : this.#header(bytes, start, end)
    // Nothing but the COPY header, or the trailer: a field count of -1.
    if (at === end) return
    if (view.getInt16(at) === -1) {
      this.#pass(bytes, at, end)
      return
    }
    const starts = this.#starts
    starts[0] = at += 2
    for (let field = 1; field < starts.length; field++) {
      const length = view.getInt32(at)
      if (length < -1) throw new RangeError('a field of an impossible length')
      starts[field] = at += 4 + (length > 0 ? length : 0)
    }
    if (at > end) throw new RangeError('a field that ends after its row')
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
    if (this.#violations.size === 0) this.#write(bytes, starts[this.#hidden] ?? at, end, size)
  }

  #count(wrong: readonly Wrong[]): void {
    for (const one of wrong) {
      const key = `${one.code} ${one.column} ${one.detail}`
      this.#violations.set(key, { ...one, rows: 1 + (this.#violations.get(key)?.rows ?? 0) })
    }
  }

  /** The header of the COPY becomes its own frame. Returns where the first row begins. */
  #header(bytes: Buffer, at: number, end: number): number {
    if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, at, at + SIGNATURE.length) !== 0)
      throw new RangeError('no COPY header')
    const rows = at + HEADER + bytes.readUInt32BE(at + HEADER - 4)
    if (rows > end) throw new RangeError('a COPY header that ends after its message')
    this.#started = true
    this.#pass(bytes, at, rows)
    return rows
  }

  /** Opens a CopyData frame of so many bytes: a block with room for them from `filled` on. */
  #open(length: number): Buffer {
    const block = this.#blocks.reserve(HEAD + length)
    block[this.#blocks.filled] = MESSAGE.copyData
    block.writeInt32BE(length + 4, this.#blocks.filled + 1)
    this.#blocks.filled += HEAD
    return block
  }

  /** One CopyData frame of the bytes as they came. */
  #pass(bytes: Buffer, start: number, end: number): void {
    const block = this.#open(end - start)
    this.#blocks.filled += bytes.copy(block, this.#blocks.filled, start, end)
  }

  /** One CopyData frame: the field count, the passed bytes from `start` to `end`, the computed fields. */
  #write(bytes: Buffer, start: number, end: number, size: number): void {
    const block = this.#open(2 + (end - start) + size)
    let at = this.#blocks.filled
    at = block.writeInt16BE(this.#fieldsOut, at)
    at += bytes.copy(block, at, start, end)
    // Loops by index, here and in the evaluator: iterators cost a quarter of the CPU of a row.
    for (let index = 0; index < this.#found.length; index++) {
      const { fields } = this.#found[index] as Outcome // sound, here and below, because the index is inside.
      for (let place = 0; place < fields.length; place++) at = copyField(fields[place] as Buffer, block, at)
    }
    this.#blocks.filled = at
  }
}

/** Above this many bytes Node's own copy wins; a call of it costs more than a few bytes. */
const SHORT_BYTES = 64

function copyField(field: Buffer, into: Buffer, at: number): number {
  const { length } = field
  if (length > SHORT_BYTES) field.copy(into, at)
  else for (let index = 0; index < length; index++) into[at + index] = field[index] as number // sound: it is inside.
  return at + length
}
