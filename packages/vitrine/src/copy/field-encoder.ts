/**
 * From what a rule returns to the field of a row, a length word and the bytes; what is wrong with a value is told by a code,
 * never quoted. Called by `rule-evaluator.ts`.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { NumberRange } from '../publication/compute.ts'
import type { PublishedColumn } from '../publication/table.ts'
import { type Encoder, encoderFor } from './binary-encode.ts'
import { viewOf } from './words.ts'

/** Fields of a row, with their length words: `size` bytes of a view, from `at` on. */
export class Fields {
  readonly view: DataView
  readonly at: number
  /** Kept apart because V8 makes a call of asking a view for its length. */
  readonly size: number

  constructor(view: DataView, at: number, size: number) {
    this.view = view
    this.at = at
    this.size = size
  }

  static of(bytes: Uint8Array): Fields {
    return new Fields(viewOf(bytes), 0, bytes.byteLength)
  }
}

export const NULL_FIELD = Fields.of(Buffer.from([0xff, 0xff, 0xff, 0xff]))

/** One field. */
export function fieldOf(bytes: Buffer): Fields {
  const field = Buffer.allocUnsafe(4 + bytes.length)
  field.writeInt32BE(bytes.length)
  bytes.copy(field, 4)
  return Fields.of(field)
}

/** What a computed column may hold besides what its type allows. */
export interface Allowed {
  readonly closed: ReadonlySet<string> | null
  readonly range: NumberRange | null
}

/** The field of a value, or the code of what is wrong with it. */
export type FieldEncoder = (value: unknown) => Fields | ErrorCode

/** Encoded values that a column keeps: what rules return repeats, and making a buffer costs more than finding one. */
const REMEMBERED = 1024
const RECENT = 4

/** For one computed column. Numbers, texts and booleans are encoded once. */
export function fieldEncoder(column: PublishedColumn, allowed: Allowed): FieldEncoder {
  const known = new Map<unknown, Fields>()
  const encode = encoderFor(column.type)
  const fresh = (value: unknown): Fields | ErrorCode => {
    const field = encoded(value, encode, allowed)
    // An array is another object each time, and -0 would be found as 0.
    const repeats = typeof value !== 'object' && !Object.is(value, -0)
    if (typeof field !== 'string' && repeats && known.size < REMEMBERED) known.set(value, field)
    return field
  }
  // A column of few values finds each among the last ones, without a look-up by its hash.
  const values: unknown[] = new Array(RECENT).fill(undefined)
  const fields: Fields[] = new Array(RECENT).fill(NULL_FIELD)
  let oldest = 0
  return (value) => {
    if (value === null || value === undefined) return column.isNullable ? NULL_FIELD : 'VALUE_NULL'
    // 0 is left to the map, because -0 is equal to it.
    for (let index = 0; index < RECENT; index++)
      if (values[index] === value && value !== 0) return fields[index] as Fields // sound because the index is inside.
    const field = (Object.is(value, -0) ? undefined : known.get(value)) ?? fresh(value)
    if (typeof field !== 'string' && typeof value !== 'object') {
      values[oldest] = value
      fields[oldest] = field
      oldest = (oldest + 1) % RECENT
    }
    return field
  }
}

function encoded(value: unknown, encode: Encoder, { closed, range }: Allowed): Fields | ErrorCode {
  if (closed !== null && !(typeof value === 'string' && closed.has(value))) return 'VALUE_OUTSIDE_CATEGORY'
  if (range !== null && !(typeof value === 'number' && value >= range.from && value <= range.to))
    return 'VALUE_OUTSIDE_CATEGORY'
  const bytes = encode(value)
  return typeof bytes === 'string' ? bytes : fieldOf(bytes)
}
