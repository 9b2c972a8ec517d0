/**
 * Encoders from what rules return to PostgreSQL's binary format. A value that does not fit its declared type
 * becomes an error code; it is never cut, rounded or quoted.
 */
import type { ErrorCode } from '../base/errors.ts'
import { own } from '../base/own.ts'
import { oidOf, type RuleKind, type SqlType } from '../sql/sql-type.ts'
import { dateDays, timeMicros, timestampMicros } from './calendar.ts'
import { numericBytes } from './decimal.ts'

/** The bytes of a field without its length word, or the code of what is wrong with the value. */
export type Encoder = (value: unknown) => Buffer | ErrorCode

type Size = 2 | 4 | 8

function integerEncoder(size: Size): Encoder {
  return (value) => {
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value)))
      return 'VALUE_OUT_OF_RANGE'
    const whole = BigInt(value)
    if (BigInt.asIntN(8 * size, whole) !== whole) return 'VALUE_OUT_OF_RANGE'
    // In two's complement, the last bytes of a longer number are the shorter one.
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(whole)
    return bytes.subarray(8 - size)
  }
}

function textEncoder(length: number | null): Encoder {
  return (value) => {
    // PostgreSQL's text holds no NUL, and a lone surrogate has no UTF-8 form: Node would replace it silently.
    if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) return 'VALUE_OUT_OF_RANGE'
    if (length !== null && value.length > length && [...value].length > length) return 'VALUE_TOO_LONG'
    return Buffer.from(value, 'utf8')
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** An encoder for texts; `convert` returns null for an invalid one. */
const fromText =
  (convert: (value: string) => Buffer | null): Encoder =>
  (value) =>
    (typeof value === 'string' ? convert(value) : null) ?? 'VALUE_OUT_OF_RANGE'

/** An encoder for texts that mean a whole number. */
function fromTextOf(size: Size, number: (value: string) => bigint | number | null): Encoder {
  const encode = integerEncoder(size)
  return (value) => encode(typeof value === 'string' ? number(value) : null)
}

/** Escapes as the characters that PostgreSQL stores for them, so that what is searched is what a reader sees. */
const withoutEscapes = (json: string): string =>
  json.replace(/\\(?:u([0-9a-fA-F]{4})|.)/g, (written: string, code: string | undefined) => {
    if (code === undefined) return written === '\\/' ? '/' : written
    const character = String.fromCharCode(Number.parseInt(code, 16))
    return character < ' ' || '"\\'.includes(character) ? JSON.stringify(character).slice(1, -1) : character
  })

function jsonBytes(value: string): Buffer | null {
  try {
    JSON.parse(value)
  } catch {
    return null
  }
  const text = withoutEscapes(value)
  // PostgreSQL refuses \u0000 and half a character, would end the whole COPY and write the value into its log.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text) || !text.isWellFormed()) return null
  return Buffer.from(`\u0001${text}`, 'utf8')
}

const TRUE = Buffer.of(1)
const FALSE = Buffer.of(0)

const ENCODERS: Readonly<Record<RuleKind, (type: SqlType) => Encoder>> = {
  smallint: () => integerEncoder(2),
  integer: () => integerEncoder(4),
  bigint: () => integerEncoder(8),
  numeric: () => fromText(numericBytes),
  real: () => floatEncoder(4),
  'double precision': () => floatEncoder(8),
  boolean: () => (value) => (value === true ? TRUE : value === false ? FALSE : 'VALUE_OUT_OF_RANGE'),
  text: () => textEncoder(null),
  varchar: (type) => textEncoder(type.length),
  uuid: () => fromText((value) => (UUID.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : null)),
  date: () => fromTextOf(4, dateDays),
  time: () => fromTextOf(8, timeMicros),
  timestamp: () => fromTextOf(8, (value) => timestampMicros(value, false)),
  timestamptz: () => fromTextOf(8, (value) => timestampMicros(value, true)),
  jsonb: () => fromText(jsonBytes),
}

function floatEncoder(size: 4 | 8): Encoder {
  return (value) => {
    if (typeof value !== 'number') return 'VALUE_OUT_OF_RANGE'
    // A number too large for `real` would become infinity.
    if (size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) return 'VALUE_OUT_OF_RANGE'
    const bytes = Buffer.allocUnsafe(size)
    if (size === 8) bytes.writeDoubleBE(value)
    else bytes.writeFloatBE(value)
    return bytes
  }
}

function arrayEncoder(type: SqlType, element: Encoder): Encoder {
  // The array format repeats the OID of the elements.
  const oid = oidOf(type.kind)
  return (value) => {
    if (!Array.isArray(value)) return 'VALUE_OUT_OF_RANGE'
    // Dimensions, whether one is NULL, the type of the elements; then the size and the first index of the dimension.
    const head = value.length === 0 ? [0, 0, oid] : [1, 0, oid, value.length, 1]
    const parts = head.map(wordOf)
    for (const item of value) {
      const bytes = element(item)
      if (typeof bytes === 'string') return bytes
      parts.push(fieldBytes(bytes))
    }
    return Buffer.concat(parts)
  }
}

function wordOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A field of a row or an element of an array: its length word and its bytes. */
export const fieldBytes = (bytes: Buffer): Buffer => Buffer.concat([wordOf(bytes.length), bytes])

export const NULL_FIELD = wordOf(-1)

/** The encoder of a published type; for a type that rules cannot return it refuses every value. */
export function encoderFor(type: SqlType): Encoder {
  const element = own(ENCODERS, type.kind)?.(type) ?? (() => 'VALUE_OUT_OF_RANGE' as const)
  return type.array ? arrayEncoder(type, element) : element
}
