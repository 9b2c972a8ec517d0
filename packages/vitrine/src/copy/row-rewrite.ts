/**
 * Rewrites rows of a binary COPY: decodes only the inputs of the rules, which come first, forwards published fields as
 * bytes, and appends the fields that the rules return. The rules themselves are run by `rule-evaluator.ts`.
 */
import type { Secret } from '../base/secret.ts'
import type { Projection } from '../publication/select-text.ts'
import { keyOf } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { Blocks } from './blocks.ts'
import { looksBeyond, watchRules } from './purity.ts'
import { CopyRows, keyDigest, MOST_DIGESTS, type Violation } from './rows.ts'
import { type Evaluate, evaluatorOf, type Outcome, type Wrong } from './rule-evaluator.ts'
import { ValueScan, watchedRows } from './value-scan.ts'
import { HEAD, MESSAGE } from './wire.ts'

/** How the rows of a table pass: rewritten by rules, checked for patterns, or untouched (null). */
export const rowsThrough = (
  table: PublishedTable,
  projection: Projection,
  key: Secret | null,
): ((blocks: Blocks) => CopyRows) | null =>
  projection.computations.length > 0
    ? (blocks: Blocks) => new RowRewriter(table, projection, key, blocks)
    : watchedRows(projection.passed)

/** Rewrites the rows of one table into blocks. */
export class RowRewriter extends CopyRows {
  readonly #evaluate: readonly Evaluate[]
  readonly #blocks: Blocks
  readonly #violations = new Map<string, Violation>()
  readonly #found: Outcome[] = []
  /** Start of each input field of the row (at its length word), and the end of the last one. */
  readonly #starts: Int32Array
  readonly #hidden: number
  readonly #fieldsOut: number
  readonly #scan: ValueScan | null
  readonly #hasRules: boolean
  /** Indexes of the published key among the passed fields. */
  readonly #key: readonly number[]
  /** While its rules are watched. */
  #unwatch: (() => void) | null = null

  /** The projection knows the types of its inputs. */
  constructor(table: PublishedTable, projection: Projection, key: Secret | null, blocks: Blocks) {
    super()
    const places = keyOf(table).map((name) => projection.passed.findIndex((column) => column.name === name))
    // A key with a computed column is not needed.
    this.#key = places.includes(-1) ? [] : places
    this.#hasRules = projection.computations.some(({ computation }) => computation.kind === 'rule')
    this.#evaluate = projection.computations.map((fields) => evaluatorOf(fields, projection, table, key))
    this.#starts = new Int32Array(projection.inputFields + 1)
    this.#hidden = projection.hiddenFields
    this.#fieldsOut = projection.passed.length + projection.computed.length
    this.#blocks = blocks
    this.#scan = ValueScan.of(projection.passed, projection.computed)
  }

  get violations(): readonly Violation[] {
    return [...(this.#scan?.violations ?? []), ...this.#violations.values()]
  }

  override frames(bytes: Buffer): void {
    this.#scan?.begin(bytes)
    if (this.#hasRules) this.#unwatch ??= watchRules()
    if (looksBeyond(() => super.frames(bytes))) this.looksBeyond = true
  }

  override end(): void {
    this.#unwatch?.()
    // For good: a row that comes all the same is of a copy that failed.
    this.#unwatch = () => undefined
  }

  protected override row(bytes: Buffer, view: DataView, start: number, end: number): void {
    const starts = this.#starts
    let at = start
    starts[0] = at
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
    const passed = starts[this.#hidden] ?? at
    if (reason !== null) this.#note(reason, bytes, view, passed)
    // After a violation no row is forwarded; the rest is only counted.
    if (this.#violations.size > 0) return
    if (this.#scan !== null) this.#look(this.#scan, bytes, view, passed, end)
    if (this.#scan?.isClean !== false) this.#write(view, passed, end, size)
  }

  /** Counts a row with something unknown. */
  #note(reason: string, bytes: Buffer, view: DataView, passed: number): void {
    this.unknown.set(reason, (this.unknown.get(reason) ?? 0) + 1)
    const keys = this.unknownKeys.get(reason) ?? []
    this.unknownKeys.set(reason, keys)
    if (keys.length > MOST_DIGESTS || this.#key.length === 0) return
    const fields: Buffer[] = []
    for (let at = passed, field = 0; field <= Math.max(...this.#key); field++) {
      const end = at + 4 + Math.max(0, view.getInt32(at))
      const place = this.#key.indexOf(field)
      if (place >= 0) fields[place] = bytes.subarray(at, end)
      at = end
    }
    keys.push(keyDigest(Buffer.concat(fields)))
  }

  /** Searches the published values of the row. */
  #look(scan: ValueScan, bytes: Buffer, view: DataView, passed: number, end: number): void {
    // The starts of input fields are known already.
    const first = Math.min(scan.unwatched, this.#starts.length - 1 - this.#hidden)
    scan.passed(bytes, view, this.#starts[this.#hidden + first] ?? passed, end, first)
    let computed = 0
    for (let index = 0; index < this.#found.length; index++) {
      const outcome = this.#found[index] as Outcome // sound, here and below, because the index is inside.
      const { fields } = outcome
      if (!outcome.isClean)
        for (let place = 0; place < fields.length; place++) scan.computed(computed + place, fields[place] as Buffer)
      outcome.isClean = scan.isClean
      computed += fields.length
    }
  }

  #count(wrong: readonly Wrong[]): void {
    for (const one of wrong) {
      const key = `${one.code} ${one.column} ${one.detail}`
      this.#violations.set(key, { ...one, rows: 1 + (this.#violations.get(key)?.rows ?? 0) })
    }
  }

  /** One CopyData frame: the field count, the passed bytes from `start` to `end`, the computed fields. */
  #write(bytes: DataView, start: number, end: number, size: number): void {
    const length = 2 + (end - start) + size
    const block = this.#blocks.reserve(HEAD + length)
    let at = this.#blocks.filled
    block.setUint8(at, MESSAGE.copyData)
    block.setInt32(at + 1, length + 4)
    block.setInt16(at + HEAD, this.#fieldsOut)
    at = copyBytes(bytes, start, end, block, at + HEAD + 2)
    // Loops by index, here and in the evaluator: iterators would cost a quarter of the CPU per row.
    for (let index = 0; index < this.#found.length; index++) {
      const { fields } = this.#found[index] as Outcome // sound, here and below, because the index is inside.
      for (let place = 0; place < fields.length; place++) at = copyField(fields[place] as Buffer, block, at)
    }
    this.#blocks.filled = at
  }
}

/** Copies four bytes at a time: for one row, a call of Node's own copy costs more. */
function copyBytes(from: DataView, start: number, end: number, into: DataView, at: number): number {
  const shift = at - start
  let place = start
  for (; place + 4 <= end; place += 4) into.setInt32(place + shift, from.getInt32(place))
  for (; place < end; place++) into.setUint8(place + shift, from.getUint8(place))
  return end + shift
}

function copyField(field: Buffer, into: DataView, at: number): number {
  const { length } = field
  for (let index = 0; index < length; index++) into.setUint8(at + index, field[index] as number) // sound: it is inside.
  return at + length
}
