/**
 * Looks at the published values on their way, before the target receives them: whether one is there where NULL is not allowed;
 * then at their bytes, and only if these may match a pattern, at the text. Called for each row by `row-rewrite.ts`, or by
 * `WatchedRows` for tables without rules.
 */
import { holdsPattern, PATTERNS, type Pattern, TELLING_DIGITS } from '../publication/pattern.ts'
import { type PublishedColumn, watchedPatterns } from '../publication/table.ts'
import type { Blocks } from './blocks.ts'
import { CopyRows, type Violation } from './rows.ts'
import type { Wrong } from './rule-evaluator.ts'
import { viewOf } from './wire.ts'

/** For each byte, a bit: digit, or character that a pattern needs. */
const KINDS = new Uint8Array(256).fill(1, 0x30, 0x3a)
for (const [index, character] of [...new Set(PATTERNS.flatMap(({ needs }) => [...needs]))].entries()) {
  KINDS[character.charCodeAt(0)] = 2 << index
}
const needOf = ({ needs }: Pattern): number =>
  [...needs].reduce((bits, character) => bits | (KINDS[character.charCodeAt(0)] ?? 0), 0)

/** Long texts are read in parts of this size. Each part repeats the end of the last one, so that a value on the border is found. */
const PART_BYTES = 64 * 1024
const OVERLAP_BYTES = 4 * 1024
/** Bytes before that end that only tell where a number begins. */
const BEFORE_BYTES = 8

interface Watched {
  readonly column: string
  /** It may not be NULL. */
  readonly isRequired: boolean
  readonly isArray: boolean
  readonly isJson: boolean
  /** Too short for all patterns but an e-mail address. */
  readonly isShort: boolean
  readonly shortest: number
  /** The bits that make an exact test necessary. */
  readonly bits: number
  readonly digits: number
  readonly patterns: readonly (Pattern & { readonly need: number })[]
}

function watched(column: PublishedColumn, isRequired: boolean): Watched | null {
  const patterns = watchedPatterns(column).map((pattern) => ({ ...pattern, need: needOf(pattern) }))
  if (patterns.length === 0 && !isRequired) return null
  return {
    column: column.name,
    isRequired,
    isArray: column.type.array,
    isShort: patterns.length > 0 && patterns.every(({ needs }) => needs === '@'),
    isJson: column.type.kind === 'jsonb',
    shortest: Math.min(...patterns.map(({ shortest }) => shortest)),
    bits: patterns.reduce((bits, { need }) => bits | need, 0),
    digits: patterns.some(({ need }) => need === 0) ? TELLING_DIGITS : Number.POSITIVE_INFINITY,
    patterns,
  }
}

type Fields = readonly (Watched | null)[]
const upToLast = (fields: Fields): Fields => fields.slice(0, fields.findLastIndex((field) => field !== null) + 1)

/** Without its address. */
const widened = (field: Watched | null): Watched | null =>
  field?.isShort !== true ? field : field.isRequired ? { ...field, shortest: Number.POSITIVE_INFINITY } : null

const unwatchedOf = (fields: Fields): number => {
  const first = fields.findIndex((field) => field !== null)
  return first < 0 ? fields.length : first
}

export class ValueScan {
  /** The passed fields up to the last watched one; `#wide` leaves out those that are `isShort`. */
  readonly #all: Fields
  readonly #wide: Fields
  #passed: Fields
  /** Number of leading fields that are not searched now. */
  unwatched: number
  readonly #computed: Fields
  readonly #violations = new Map<string, Violation>()
  /** True until something is found. */
  isClean = true

  /** Null when no column is watched. */
  static of(passed: readonly PublishedColumn[], computed: readonly PublishedColumn[]): ValueScan | null {
    const scan = new ValueScan(
      passed.map((column) => watched(column, !column.isNullable)),
      // A rule that gives no value where one must be is refused before.
      computed.map((column) => watched(column, false)),
    )
    return scan.#all.length === 0 && scan.#computed.every((field) => field === null) ? null : scan
  }

  private constructor(passed: Fields, computed: Fields) {
    this.#all = upToLast(passed)
    this.#wide = passed.some((field) => field?.isShort) ? upToLast(passed.map(widened)) : this.#all
    this.#passed = this.#all
    this.unwatched = unwatchedOf(this.#passed)
    this.#computed = computed
  }

  get violations(): readonly Violation[] {
    return [...this.#violations.values()]
  }

  /** Called before whole rows. If they hold no address, short fields need not be searched. */
  begin(bytes: Buffer): void {
    if (this.#wide === this.#all) return
    this.#passed = mayHoldAddress(bytes) ? this.#all : this.#wide
    this.unwatched = unwatchedOf(this.#passed)
  }

  /** Searches the passed fields of a row, from `first` on, which begins at `start`. */
  passed(bytes: Buffer, view: DataView, start: number, end: number, first = 0): void {
    let at = start
    for (let index = first; index < this.#passed.length; index++) {
      const length = view.getInt32(at)
      if (length < -1) throw new RangeError('a field of an impossible length')
      const from = at + 4
      at = from + (length > 0 ? length : 0)
      if (at > end) throw new RangeError('a field that ends after its row')
      const field = this.#passed[index] as Watched | null // sound because the index is inside.
      if (field === null) continue
      if (length >= field.shortest) this.#field(field, bytes, view, from, at)
      else if (length < 0 && field.isRequired) this.#count({ code: 'VALUE_NULL', column: field.column })
    }
  }

  /** Searches a computed field, given with its length word. */
  computed(index: number, field: Buffer): void {
    const known = this.#computed[index]
    if (known && field.length > 4) this.#field(known, field, known.isArray ? viewOf(field) : null, 4, field.length)
  }

  #field(field: Watched, bytes: Buffer, view: DataView | null, from: number, to: number): void {
    const found = field.isArray && view !== null ? elements(field, bytes, view, from, to) : look(field, bytes, from, to)
    if (found === 0) return
    for (const [index, { told }] of field.patterns.entries()) {
      if ((found & (1 << index)) !== 0) this.#count({ code: 'PRIVACY_VIOLATION', column: field.column, detail: told })
    }
  }

  #count(wrong: Wrong): void {
    this.isClean = false
    const key = `${wrong.column} ${wrong.detail}`
    this.#violations.set(key, { ...wrong, rows: 1 + (this.#violations.get(key)?.rows ?? 0) })
  }
}

/** Bytes that cannot be part of an address. */
const ENDS = new Uint8Array(256)
for (const byte of Buffer.from('\0\t\n\v\f\r @')) ENDS[byte] = 1
const endsAddress = (byte: number | undefined): boolean => byte === undefined || ENDS[byte] === 1

/** A quick test: an @ between bytes that an address may have, followed by a dot. Rare in binary numbers. */
function mayHoldAddress(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0x40); at >= 0; at = bytes.indexOf(0x40, at + 1)) {
    if (endsAddress(bytes[at - 1]) || endsAddress(bytes[at + 1])) continue
    let end = at + 2
    while (!endsAddress(bytes[end]) && bytes[end] !== 0x2e) end += 1
    if (bytes[end] === 0x2e) return true
  }
  return false
}

/** The patterns found in a text, as bits. */
function look(field: Watched, bytes: Buffer, from: number, to: number): number {
  let found = 0
  for (let start = from; ; start += PART_BYTES - OVERLAP_BYTES) {
    const end = to - start > PART_BYTES ? start + PART_BYTES : to
    let seen = 0
    let digits = 0
    for (let at = start; at < end; at++) {
      const kind = KINDS[bytes[at] as number] as number // sound because a byte has a kind.
      seen |= kind
      digits += kind & 1
    }
    if ((seen & field.bits) !== 0 || digits >= field.digits) {
      found |= lookAgain(field, bytes, start, end, seen, digits, start === from ? 0 : BEFORE_BYTES, end < to)
    }
    if (end === to) return found
  }
}

/** Whether a text may match the pattern: it has the needed characters or enough digits, and is not a plain number of another length. */
const couldBe = ({ need, shortest, bare }: Watched['patterns'][number], length: number, seen: number, digits: number) =>
  length >= shortest &&
  (need === 0 ? digits >= TELLING_DIGITS && (digits < length || bare.includes(length)) : (seen & need) === need)

function lookAgain(
  field: Watched,
  bytes: Buffer,
  from: number,
  to: number,
  seen: number,
  digits: number,
  before: number,
  cut: boolean,
): number {
  let found = 0
  let text: string | null = null
  for (let index = 0; index < field.patterns.length; index++) {
    const pattern = field.patterns[index] as Watched['patterns'][number] // sound because the index is inside.
    if (!couldBe(pattern, to - from, seen, digits)) continue
    text ??= textOf(field, bytes.toString('latin1', from, to))
    if (holdsPattern(pattern, text, before, cut)) found |= 1 << index
  }
  return found
}

/** Replaces JSON escapes, whose letters would look like a part of the value beside them, by quotes or spaces, as they stand for. */
const textOf = ({ isJson }: Watched, raw: string): string =>
  isJson ? raw.replace(/\\(?:u[0-9a-f]{4}|.)/gs, (mark) => (/["\\]$/.test(mark) ? '""' : '  ')) : raw

/** The texts of an array: after the number of dimensions, two words, and two for each dimension (`array_send`). */
function elements(field: Watched, bytes: Buffer, view: DataView, from: number, to: number): number {
  let found = 0
  for (let at = from + 12 + 8 * view.getInt32(from); at < to; ) {
    const length = view.getInt32(at)
    at += 4
    if (length <= 0) continue
    if (at + length > to) throw new RangeError('an element that ends after its field')
    found |= look(field, bytes, at, at + length)
    at += length
  }
  return found
}

/** Rows of a table without rules: forwarded untouched until something is found. */
export class WatchedRows extends CopyRows {
  readonly #scan: ValueScan
  readonly #blocks: Blocks

  constructor(scan: ValueScan, blocks: Blocks) {
    super()
    this.#scan = scan
    this.#blocks = blocks
  }

  get violations(): readonly Violation[] {
    return this.#scan.violations
  }

  override frames(bytes: Buffer): void {
    this.#scan.begin(bytes)
    super.frames(bytes)
    if (this.#scan.isClean) this.#blocks.append(bytes)
  }

  protected override row(bytes: Buffer, view: DataView, start: number, end: number): void {
    this.#scan.passed(bytes, view, start, end)
  }
}

/** Makes such a check for a table's columns; null when no column is watched. */
export function watchedRows(columns: readonly PublishedColumn[]): ((blocks: Blocks) => CopyRows) | null {
  if (ValueScan.of(columns, []) === null) return null
  // sound because the scan of these columns is not null. Each session that reads has its own.
  return (blocks) => new WatchedRows(ValueScan.of(columns, []) as ValueScan, blocks)
}
