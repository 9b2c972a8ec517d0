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

const SLOTS = 4096
/** Rows after which a memory that found fewer than one row in four is given up. */
const TRIAL_ROWS = 20_000

/** What one row's inputs lead to: the computed fields as bytes, whether the row is published, and what is wrong. */
export interface Outcome {
  /** Each computed field with its length word, in the order of the table's columns. */
  readonly fields: readonly Buffer[]
  /** Bytes of all fields together. */
  readonly size: number
  readonly keep: boolean
  /** Why something about the row is unknown; null when nothing is. */
  readonly unknown: string | null
  readonly wrong: readonly { readonly code: ErrorCode; readonly column: string }[]
}

/** `start` to `end` are the input fields with their length words. */
export type Evaluate = (bytes: Buffer, start: number, end: number) => Outcome

const NOTHING: readonly Buffer[] = Object.freeze([])
const DROPPED: Outcome = Object.freeze({
  fields: NOTHING,
  size: 0,
  keep: false,
  unknown: null,
  wrong: Object.freeze([]),
})
const NULL_FIELD = Buffer.from([0xff, 0xff, 0xff, 0xff])

/** What a computed column may hold besides what its type allows. */
interface Allowed {
  readonly closed: ReadonlySet<string> | null
  readonly range: NumberRange | null
}

type FieldOf = (value: unknown) => Buffer | ErrorCode

/** Encoded values that a column keeps: what rules return repeats, and making a buffer costs more than finding one. */
const REMEMBERED_FIELDS = 1024

/** The field of a value, or the code of what is wrong with it. Numbers, texts and booleans are encoded once. */
function fieldEncoder(column: PublishedColumn, encode: Encoder, { closed, range }: Allowed): FieldOf {
  const known = new Map<unknown, Buffer>()
  const fresh = (value: unknown): Buffer | ErrorCode => {
    if (closed !== null && !(typeof value === 'string' && closed.has(value))) return 'VALUE_OUTSIDE_CATEGORY'
    if (range !== null && !(typeof value === 'number' && value >= range.from && value <= range.to))
      return 'VALUE_OUTSIDE_CATEGORY'
    const bytes = encode(value)
    if (typeof bytes === 'string') return bytes
    const field = Buffer.allocUnsafe(4 + bytes.length)
    field.writeInt32BE(bytes.length)
    bytes.copy(field, 4)
    // An array is another object each time, and -0 would be found as 0.
    if (known.size < REMEMBERED_FIELDS && typeof value !== 'object' && !Object.is(value, -0)) known.set(value, field)
    return field
  }
  return (value) => {
    if (value === null || value === undefined) return column.isNullable ? NULL_FIELD : 'VALUE_NULL'
    return (Object.is(value, -0) ? undefined : known.get(value)) ?? fresh(value)
  }
}

/** Builds the reader of a rule's inputs as one function with constant property names, which V8 keeps in one shape. */
function inputReader(
  computation: Computation,
  decoders: readonly Decoder[],
): (bytes: Buffer, start: number) => Record<string, unknown> {
  const lines = computation.inputs.map(
    (_, index) => `length = b.readInt32BE(at); at += 4; let v${index} = null;
      if (length >= 0) { v${index} = d${index}(b, at, length); at += length }`,
  )
  const object = computation.inputs.map(({ name }, index) => `${JSON.stringify(name)}: v${index}`).join(', ')
  const parameters = decoders.map((_, index) => `d${index}`)
  const body = `return (b, start) => { let at = start; let length = 0; ${lines.join('\n')} return { ${object} } }`
  // sound because the text is made of constants and of property names written as JSON; nothing else enters it.
  return new Function(...parameters, body)(...decoders) as (bytes: Buffer, start: number) => Record<string, unknown>
}

/** A pseudonym: the first 16 bytes of HMAC-SHA-256 over the field's bytes, marked as a version 8 UUID (RFC 9562). */
function pseudonymField(key: Secret, bytes: Buffer, start: number): Buffer {
  const length = bytes.readInt32BE(start)
  if (length < 0) return NULL_FIELD
  const digest = createHmac('sha256', key.reveal())
    .update(bytes.subarray(start + 4, start + 4 + length))
    .digest()
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return Buffer.concat([Buffer.from([0, 0, 0, 16]), digest.subarray(0, 16)])
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
    return (bytes, start) => pseudonymOutcome(pseudonymField(key as Secret, bytes, start), columns)
  }
  const decoders = oids
    .slice(fields.first, fields.first + fields.count)
    .map((oid) => decoderFor(oid) ?? (() => undefined))
  const read = inputReader(computation, decoders)
  const outputs = columns.map((column) => {
    // sound because columnsOf gives computed columns only.
    const computed = (column.value as Extract<PublishedColumn['value'], { kind: 'computed' }>).computed
    const closed = computed.values === null ? null : new Set(computed.values)
    const fieldOf = fieldEncoder(column, encoderFor(column.type), { closed, range: computed.range })
    return { column, path: computed.path, fieldOf }
  })
  const keep = table.keep?.computation === computation ? table.keep : null
  const unknown = table.unknown?.computation === computation ? table.unknown : null
  return (bytes, start) => {
    const wrong: { code: ErrorCode; column: string }[] = []
    let result: unknown
    try {
      result = computation.rule(read(bytes, start))
    } catch {
      // The rule's own message may quote the row: only the fact is kept.
      return {
        fields: NOTHING,
        size: 0,
        keep: true,
        unknown: null,
        wrong: [{ code: 'RULE_FAILED', column: columns[0]?.name ?? '(rows kept)' }],
      }
    }
    if (keep !== null && pick(result, keep.path) !== true) return DROPPED
    const fields: Buffer[] = []
    let size = 0
    for (const { column, path, fieldOf } of outputs) {
      const field = fieldOf(pick(result, path))
      if (typeof field === 'string') wrong.push({ code: field, column: column.name })
      else {
        fields.push(field)
        size += field.length
      }
    }
    return { fields, size, keep: true, unknown: reasonOf(unknown, result, wrong), wrong }
  }
}

const pick = (result: unknown, path: string | null): unknown =>
  path === null ? result : (result as Readonly<Record<string, unknown>> | null)?.[path] // sound because a missing object gives undefined.

/** The reason that a row gives; one outside its closed list is a violation, since it could be anything. */
function reasonOf(
  unknown: Computed<string | null> | null,
  result: unknown,
  wrong: { code: ErrorCode; column: string }[],
): string | null {
  if (unknown === null) return null
  const reason = pick(result, unknown.path)
  if (reason === null || reason === undefined) return null
  if (typeof reason === 'string' && unknown.values?.includes(reason) === true) return reason
  wrong.push({ code: 'VALUE_OUTSIDE_CATEGORY', column: '(reasons)' })
  return null
}

function pseudonymOutcome(field: Buffer, columns: readonly PublishedColumn[]): Outcome {
  const wrong =
    field === NULL_FIELD
      ? columns
          .filter((column) => !column.isNullable)
          .map(({ name }) => ({ code: 'VALUE_NULL' as const, column: name }))
      : []
  const fields = columns.map(() => field)
  return { fields, size: field.length * fields.length, keep: true, unknown: null, wrong }
}

const columnsOf = (computation: Computation, table: PublishedTable): readonly PublishedColumn[] =>
  table.columns.filter(({ value }) => value.kind === 'computed' && value.computed.computation === computation)

/** A loop, because inputs are a few dozen bytes and a call into Node's own comparison costs more than they do. */
function isSame(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) return false
  return true
}

/** Remembers outcomes by the bytes of their inputs, one slot a hash; gives up when the inputs hardly ever repeat. */
function remembering(evaluate: Evaluate): Evaluate {
  const keys: (Buffer | undefined)[] = new Array(SLOTS).fill(undefined)
  const outcomes: (Outcome | undefined)[] = new Array(SLOTS).fill(undefined)
  let asked = 0
  let found = 0
  let worthwhile = true
  return (bytes, start, end) => {
    if (!worthwhile) return evaluate(bytes, start, end)
    let hash = end - start
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1)
    asked += 1
    const key = keys[slot]
    const known = outcomes[slot]
    if (key !== undefined && known !== undefined && isSame(key, bytes, start, end)) {
      found += 1
      return known
    }
    if (asked === TRIAL_ROWS && found * 4 < asked) worthwhile = false
    const outcome = evaluate(bytes, start, end)
    if (outcome.wrong.length === 0) {
      keys[slot] = Buffer.from(bytes.subarray(start, end))
      outcomes[slot] = outcome
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
