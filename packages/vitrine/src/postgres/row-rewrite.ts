/**
 * Rewrites rows of a binary COPY in place: decodes only the inputs of the rules, which stand first, copies the rest of the
 * row as bytes, and appends the fields that the rules give. The rules themselves are run by `rule-evaluator.ts`.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { ComputationFields, Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { type Evaluate, evaluatorOf, type Outcome } from './rule-evaluator.ts'
import { MESSAGE } from './wire.ts'

/** `PGCOPY\n\377\r\n\0`, flags, length of the header's extension (manual of COPY, "Binary Format"). */
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00', 'hex')
const HEADER = SIGNATURE.length + 8
const OUTPUT_BYTES = 256 * 1024

export interface Violation {
  readonly code: ErrorCode
  readonly column: string
  readonly rows: number
}
/** Rewrites the rows of one table. Feed it whole CopyData frames; `flush` hands on what is ready for the target. */
export class RowRewriter {
  readonly #fields: readonly ComputationFields[]
  readonly #evaluate: readonly Evaluate[]
  readonly #passed: number
  readonly #output: (bytes: Buffer) => void
  readonly #violations = new Map<string, { code: ErrorCode; column: string; rows: number }>()
  readonly #found: Outcome[] = []
  readonly #fieldsOut: number
  #buffer = Buffer.allocUnsafe(OUTPUT_BYTES)
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
    this.#passed = projection.passed.length
    this.#fieldsOut = this.#passed + projection.computed.length
    this.#output = output
  }

  get violations(): readonly Violation[] {
    return [...this.#violations.values()]
  }

  frame(bytes: Buffer, start: number, end: number): void {
    let at = start + 5
    let header = 0
    if (!this.#started) {
      if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, at, at + SIGNATURE.length) !== 0)
        throw new RangeError('no COPY header')
      header = HEADER + bytes.readInt32BE(at + HEADER - 4)
      this.#started = true
      at += header
      if (at === end) {
        this.#forward(bytes, start, end)
        return
      }
    }
    // The trailer: a field count of -1.
    if (bytes.readInt16BE(at) === -1) {
      this.#forward(bytes, start, end)
      return
    }
    const head = at - header
    at += 2
    this.#found.length = 0
    let size = 0
    let keep = true
    let reason: string | null = null
    for (let index = 0; index < this.#fields.length; index++) {
      const from = at
      // sound because both arrays are built from the same computations.
      const { count } = this.#fields[index] as ComputationFields
      for (let field = 0; field < count; field++) {
        const length = lengthAt(bytes, at)
        at += 4 + (length > 0 ? length : 0)
      }
      if (!keep) continue
      const outcome = (this.#evaluate[index] as Evaluate)(bytes, from, at) // sound because both arrays are built together.
      if (outcome.wrong.length > 0) this.#count(outcome.wrong)
      keep = outcome.keep
      if (outcome.unknown !== null) reason = outcome.unknown
      size += outcome.size
      this.#found.push(outcome)
    }
    if (!keep) {
      this.dropped += 1
      if (header > 0) this.#write(bytes, head, head + header, at, at, 0, true)
      return
    }
    if (reason !== null) this.unknown.set(reason, (this.unknown.get(reason) ?? 0) + 1)
    // A row with a violation would not fit its table; the run stops after the count, so it needs no place there.
    if (this.#violations.size > 0) return
    this.#write(bytes, head, head + header, at, end, size, false)
  }

  /** Hands on the bytes gathered so far. */
  flush(): void {
    if (this.#filled === 0) return
    this.#output(this.#buffer.subarray(0, this.#filled))
    this.#buffer = Buffer.allocUnsafe(OUTPUT_BYTES)
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

  #reserve(size: number): void {
    if (this.#filled + size <= this.#buffer.length) return
    this.flush()
    if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size)
  }

  #forward(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    this.#filled += bytes.copy(this.#buffer, this.#filled, start, end)
  }

  /** One CopyData frame: the COPY header if it is the first, the field count, the passed bytes, the computed fields. */
  #write(
    bytes: Buffer,
    headerStart: number,
    headerEnd: number,
    restStart: number,
    end: number,
    size: number,
    headerOnly: boolean,
  ): void {
    const header = headerEnd - headerStart
    const length = 4 + header + (headerOnly ? 0 : 2 + (end - restStart) + size)
    this.#reserve(1 + length)
    const out = this.#buffer
    let at = this.#filled
    out[at] = MESSAGE.copyData
    out.writeInt32BE(length, at + 1)
    at += 5
    if (header > 0) at += bytes.copy(out, at, headerStart, headerEnd)
    if (!headerOnly) {
      out.writeInt16BE(this.#fieldsOut, at)
      at += 2
      at += bytes.copy(out, at, restStart, end)
      for (const outcome of this.#found) for (const field of outcome.fields) at = put(field, out, at)
    }
    this.#filled = at
  }
}

/** The length word of a field; -1 is NULL. Node's own reader checks its bounds again, a dozen times a row. */
const lengthAt = (bytes: Buffer, at: number): number =>
  // sound because a frame is whole here and its fields end inside it; a byte beyond would read as 0.
  ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)

/** Below this many bytes a loop is faster than a call into Node's own copy. */
const SHORT_BYTES = 32

function put(field: Buffer, out: Buffer, start: number): number {
  const { length } = field
  if (length > SHORT_BYTES) return start + field.copy(out, start)
  for (let at = 0; at < length; at++) out[start + at] = field[at] ?? 0
  return start + length
}
