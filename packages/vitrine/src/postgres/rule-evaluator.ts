/**
 * Runs a rule on the bytes of its inputs and gives the bytes of its columns. Outcomes are remembered by the bytes of the
 * inputs, since codes and bands repeat; what is wrong with a value is told by code and column, never quoted.
 */
import { createHmac } from 'node:crypto'
import type { ErrorCode } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Computation, Computed, NumberRange } from '../publication/compute.ts'
import type { ComputationFields } from '../publication/select-text.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { type Decoder, decoderFor } from './binary-decode.ts'
import { type Encoder, encoderFor } from './binary-encode.ts'
import { copyWords, viewOf } from './words.ts'

const SLOTS = 4096
/** Rows after which a memory that found fewer than one row in four is given up. */
const TRIAL_ROWS = 20_000

/**
 * What one row's inputs lead to: the computed fields as bytes, whether the row is published, and what is wrong. It is valid
 * until its evaluator is asked again.
 */
export interface Outcome {
  /** The computed fields with their length words, in the order of the table's columns; `size` bytes of them count. */
  readonly view: DataView
  readonly size: number
  readonly keep: boolean
  /** Why something about the row is unknown; null when nothing is. */
  readonly unknown: string | null
  readonly wrong: readonly { readonly code: ErrorCode; readonly column: string }[]
}

/** `start` to `end` are the input fields with their length words; `view` is over the same bytes, and reads words faster. */
export type Evaluate = (bytes: Buffer, view: DataView, start: number, end: number) => Outcome

const NOTHING = new DataView(new ArrayBuffer(0))
const NONE: Outcome['wrong'] = Object.freeze([])

/** Every outcome is made here, so that V8 knows one shape of them. */
class RowOutcome implements Outcome {
  view: DataView
  size: number
  keep: boolean
  unknown: string | null
  wrong: Outcome['wrong']

  constructor(view: DataView, keep: boolean, unknown: string | null, wrong: Outcome['wrong']) {
    this.view = view
    this.size = view.byteLength
    this.keep = keep
    this.unknown = unknown
    this.wrong = wrong
  }
}

const DROPPED: Outcome = new RowOutcome(NOTHING, false, null, NONE)
const NULL_FIELD = viewOf(Buffer.from([0xff, 0xff, 0xff, 0xff]))

/** What a computed column may hold besides what its type allows. */
interface Allowed {
  readonly closed: ReadonlySet<string> | null
  readonly range: NumberRange | null
}

/** The field with its length word, or the code of what is wrong with the value. */
type FieldOf = (value: unknown) => DataView | ErrorCode

/** A length word and the bytes. */
function fieldOf(bytes: Buffer): DataView {
  const field = Buffer.allocUnsafe(4 + bytes.length)
  field.writeInt32BE(bytes.length)
  bytes.copy(field, 4)
  return viewOf(field)
}

/** Encoded values that a column keeps: what rules return repeats, and making a buffer costs more than finding one. */
const REMEMBERED_FIELDS = 1024

/** The field of a value, or the code of what is wrong with it. Numbers, texts and booleans are encoded once. */
function fieldEncoder(column: PublishedColumn, encode: Encoder, { closed, range }: Allowed): FieldOf {
  const known = new Map<unknown, DataView>()
  const fresh = (value: unknown): DataView | ErrorCode => {
    if (closed !== null && !(typeof value === 'string' && closed.has(value))) return 'VALUE_OUTSIDE_CATEGORY'
    if (range !== null && !(typeof value === 'number' && value >= range.from && value <= range.to))
      return 'VALUE_OUTSIDE_CATEGORY'
    const bytes = encode(value)
    if (typeof bytes === 'string') return bytes
    const field = fieldOf(bytes)
    // An array is another object each time, and -0 would be found as 0.
    if (known.size < REMEMBERED_FIELDS && typeof value !== 'object' && !Object.is(value, -0)) known.set(value, field)
    return field
  }
  let last: unknown
  let lastField = NULL_FIELD
  return (value) => {
    if (value === null || value === undefined) return column.isNullable ? NULL_FIELD : 'VALUE_NULL'
    // Neighbours are often alike; 0 is left to the map, because -0 is equal to it.
    if (value === last && value !== 0) return lastField
    const field = (Object.is(value, -0) ? undefined : known.get(value)) ?? fresh(value)
    if (typeof field !== 'string' && typeof value !== 'object') {
      last = value
      lastField = field
    }
    return field
  }
}

type InputReader = (bytes: Buffer, view: DataView, start: number) => Record<string, unknown>

/** Builds the reader of a rule's inputs as one function with constant property names, which V8 keeps in one shape. */
function inputReader(computation: Computation, decoders: readonly Decoder[]): InputReader {
  const lines = computation.inputs.map(
    (_, index) => `length = view.getInt32(at); at += 4; let v${index} = null;
      if (length >= 0) { v${index} = d${index}(b, at, length, view); at += length }`,
  )
  const object = computation.inputs.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`).join(', ')
  const parameters = decoders.map((_, index) => `d${index}`)
  const body = `return (b, view, start) => { let at = start; let length = 0; ${lines.join('\n')} return { ${object} } }`
  // sound because the text is made of constants and of property names written as JSON; nothing else enters it.
  return new Function(...parameters, body)(...decoders) as InputReader
}

/** A pseudonym: the first 16 bytes of HMAC-SHA-256 over the field's bytes, marked as a version 8 UUID (RFC 9562). */
function pseudonymField(key: Secret, bytes: Buffer, start: number): DataView {
  const length = bytes.readInt32BE(start)
  if (length < 0) return NULL_FIELD
  const digest = createHmac('sha256', key.reveal())
    .update(bytes.subarray(start + 4, start + 4 + length))
    .digest()
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return fieldOf(digest.subarray(0, 16))
}

function evaluator(
  fields: ComputationFields,
  oids: readonly number[],
  table: PublishedTable,
  key: Secret | null,
): Evaluate {
  const { computation } = fields
  const columns = columnsOf(computation, table)
  if (computation.kind === 'pseudonym') {
    // sound because the run refuses to start without a key when a pseudonym is published.
    return (bytes, _view, start) => pseudonymOutcome(pseudonymField(key as Secret, bytes, start), columns)
  }
  const decoders = oids
    .slice(fields.first, fields.first + fields.count)
    .map((oid) => decoderFor(oid) ?? (() => undefined))
  const read = inputReader(computation, decoders)
  const outputs = columns.map((column) => {
    // sound because columnsOf gives computed columns only.
    const computed = (column.value as Extract<PublishedColumn['value'], { kind: 'computed' }>).computed
    const closed = computed.values === null ? null : new Set(computed.values)
    return {
      column,
      pick: picker(computed.path),
      encode: fieldEncoder(column, encoderFor(column.type), { closed, range: computed.range }),
    }
  })
  const isKept = table.keep?.computation === computation ? picker(table.keep.path) : null
  const unknown = table.unknown?.computation === computation ? table.unknown : null
  const reasonOf = unknown === null ? null : reasonReader(unknown)
  const failed: Outcome = new RowOutcome(NOTHING, true, null, [
    { code: 'RULE_FAILED', column: columns[0]?.name ?? '(rows kept)' },
  ])
  // One for all rows: an outcome a row would be most of what the collector has to do.
  const outcome = new RowOutcome(viewOf(Buffer.allocUnsafe(FIRST_FIELDS_BYTES)), true, null, NONE)
  return (bytes, view, start) => {
    let result: unknown
    try {
      result = computation.rule(read(bytes, view, start))
    } catch {
      // The rule's own message may quote the row: only the fact is kept.
      return failed
    }
    if (isKept !== null && isKept(result) !== true) return DROPPED
    let wrong = NONE
    let size = 0
    for (const { column, pick, encode } of outputs) {
      const field = encode(pick(result))
      if (typeof field === 'string') wrong = [...wrong, { code: field, column: column.name }]
      else {
        const { byteLength } = field
        if (size + byteLength > outcome.view.byteLength) outcome.view = grown(outcome.view, size, size + byteLength)
        size = copyWords(field, 0, byteLength, outcome.view, size)
      }
    }
    const reason = reasonOf === null ? null : reasonOf(result)
    if (reason === undefined) wrong = [...wrong, { code: 'VALUE_OUTSIDE_CATEGORY', column: '(reasons)' }]
    outcome.size = size
    outcome.unknown = reason ?? null
    outcome.wrong = wrong
    return outcome
  }
}

const FIRST_FIELDS_BYTES = 256

function grown(view: DataView, filled: number, needed: number): DataView {
  const larger = viewOf(Buffer.allocUnsafe(2 * needed))
  copyWords(view, 0, filled, larger, 0)
  return larger
}

type Picker = (result: unknown) => unknown

/** Reads one property, by a function of its own: a name that varies would be looked up anew for each row. */
function picker(path: string | null): Picker {
  if (path === null) return (result) => result
  // sound because the name, written as JSON, is all that enters the text; a missing object gives undefined.
  return new Function('result', `return result?.[${JSON.stringify(path)}]`) as Picker
}

/** The reason that a row gives, or undefined for one outside its closed list: a violation, since it could be anything. */
function reasonReader({ path, values }: Computed<string | null>): (result: unknown) => string | null | undefined {
  const reasonIn = picker(path)
  return (result) => {
    const reason = reasonIn(result)
    if (reason === null || reason === undefined) return null
    return typeof reason === 'string' && values?.includes(reason) === true ? reason : undefined
  }
}

function pseudonymOutcome(field: DataView, columns: readonly PublishedColumn[]): Outcome {
  const wrong =
    field === NULL_FIELD
      ? columns
          .filter((column) => !column.isNullable)
          .map(({ name }) => ({ code: 'VALUE_NULL' as const, column: name }))
      : NONE
  const size = field.byteLength
  const view = columns.length === 1 ? field : viewOf(Buffer.allocUnsafe(size * columns.length))
  for (let index = 0; columns.length > 1 && index < columns.length; index++)
    copyWords(field, 0, size, view, size * index)
  return new RowOutcome(view, true, null, wrong)
}

const columnsOf = (computation: Computation, table: PublishedTable): readonly PublishedColumn[] =>
  table.columns.filter(({ value }) => value.kind === 'computed' && value.computed.computation === computation)

/** By words, because inputs are a few dozen bytes and a call into Node's own comparison costs more than they do. */
function isSame(key: DataView, view: DataView, start: number, end: number): boolean {
  const length = end - start
  if (key.byteLength !== length) return false
  let at = 0
  for (; at + 4 <= length; at += 4) if (key.getInt32(at) !== view.getInt32(start + at)) return false
  for (; at < length; at++) if (key.getUint8(at) !== view.getUint8(start + at)) return false
  return true
}

/** Remembers outcomes by the bytes of their inputs, one slot a hash; gives up when the inputs hardly ever repeat. */
function remembering(evaluate: Evaluate): Evaluate {
  const keys: (DataView | undefined)[] = new Array(SLOTS).fill(undefined)
  const outcomes: (Outcome | undefined)[] = new Array(SLOTS).fill(undefined)
  let asked = 0
  let found = 0
  let worthwhile = true
  return (bytes, view, start, end) => {
    if (!worthwhile) return evaluate(bytes, view, start, end)
    let hash = end - start
    let at = start
    for (; at + 4 <= end; at += 4) hash = (Math.imul(hash, 31) + view.getInt32(at)) | 0
    for (; at < end; at++) hash = (Math.imul(hash, 31) + view.getUint8(at)) | 0
    const slot = (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (SLOTS - 1)
    asked += 1
    const key = keys[slot]
    const known = outcomes[slot]
    if (key !== undefined && known !== undefined && isSame(key, view, start, end)) {
      found += 1
      return known
    }
    if (asked === TRIAL_ROWS && found * 4 < asked) {
      worthwhile = false
      keys.length = 0
      outcomes.length = 0
    }
    const outcome = evaluate(bytes, view, start, end)
    if (worthwhile && outcome.wrong.length === 0) {
      // Not from the runtime's pool: one key that stays would keep the eight kilobytes around it.
      keys[slot] = viewOf(new Uint8Array(bytes.subarray(start, end)))
      const kept = viewOf(new Uint8Array(outcome.size))
      copyWords(outcome.view, 0, outcome.size, kept, 0)
      outcomes[slot] = new RowOutcome(kept, outcome.keep, outcome.unknown, outcome.wrong)
    }
    return outcome
  }
}

/** The evaluation of one computation of a table. `oids` are the types of all input fields of the SELECT. */
export function evaluatorOf(
  fields: ComputationFields,
  oids: readonly number[],
  table: PublishedTable,
  key: Secret | null,
): Evaluate {
  const evaluate = evaluator(fields, oids, table, key)
  return fields.computation.kind === 'rule' ? remembering(evaluate) : evaluate
}
