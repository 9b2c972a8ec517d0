/**
 * Encoders from what rules return to PostgreSQL's binary format. A value that does not fit its declared type gives an error
 * code; it is never cut, rounded or quoted.
 */
import type { ErrorCode } from '../base/errors.ts'
import type { ScalarKind, SqlType } from '../sql/sql-type.ts'
import { dateDays, timeMicros, timestampMicros } from './calendar.ts'
import { numericBytes } from './decimal.ts'

/** The bytes of a field without its length word, or the code of what is wrong with the value. */
export type Encoder = (value: unknown) => Buffer | ErrorCode

type Size = 2 | 4 | 8

/** A whole number in two's complement: a shorter one has the last bytes of a longer one. */
function wholeBytes(value: bigint, size: Size): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(value)
  return bytes.subarray(8 - size)
}

function integerEncoder(size: Size): Encoder {
  return (value) => {
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value)))
      return 'VALUE_OUT_OF_RANGE'
    const whole = BigInt(value)
    return BigInt.asIntN(8 * size, whole) === whole ? wholeBytes(whole, size) : 'VALUE_OUT_OF_RANGE'
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

const fromText =
  (convert: (value: string) => Buffer | ErrorCode): Encoder =>
  (value) =>
    typeof value === 'string' ? convert(value) : 'VALUE_OUT_OF_RANGE'

function jsonBytes(value: string): Buffer | ErrorCode {
  try {
    JSON.parse(value)
  } catch {
    return 'VALUE_OUT_OF_RANGE'
  }
  return value.isWellFormed() ? Buffer.concat([Buffer.of(1), Buffer.from(value, 'utf8')]) : 'VALUE_OUT_OF_RANGE'
}

const numberOrRefused = (value: bigint | number | null, size: Size): Buffer | ErrorCode =>
  value === null ? 'VALUE_OUT_OF_RANGE' : wholeBytes(BigInt(value), size)

const TRUE = Buffer.of(1)
const FALSE = Buffer.of(0)

const ENCODERS: Readonly<Record<ScalarKind, (type: SqlType) => Encoder>> = {
  smallint: () => integerEncoder(2),
  integer: () => integerEncoder(4),
  bigint: () => integerEncoder(8),
  numeric: () => fromText((value) => numericBytes(value) ?? 'VALUE_OUT_OF_RANGE'),
  real: () => floatEncoder(4),
  'double precision': () => floatEncoder(8),
  boolean: () => (value) => (value === true ? TRUE : value === false ? FALSE : 'VALUE_OUT_OF_RANGE'),
  text: () => textEncoder(null),
  varchar: (type) => textEncoder(type.length),
  uuid: () =>
    fromText((value) => (UUID.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : 'VALUE_OUT_OF_RANGE')),
  date: () => fromText((value) => numberOrRefused(dateDays(value), 4)),
  time: () => fromText((value) => numberOrRefused(timeMicros(value), 8)),
  timestamp: () => fromText((value) => numberOrRefused(timestampMicros(value, false), 8)),
  timestamptz: () => fromText((value) => numberOrRefused(timestampMicros(value, true), 8)),
  jsonb: () => fromText(jsonBytes),
}

function floatEncoder(size: 4 | 8): Encoder {
  return (value) => {
    if (typeof value !== 'number') return 'VALUE_OUT_OF_RANGE'
    const bytes = Buffer.allocUnsafe(size)
    if (size === 8) bytes.writeDoubleBE(value)
    else {
      // A number that a real cannot hold would be published as infinity.
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) return 'VALUE_OUT_OF_RANGE'
      bytes.writeFloatBE(value)
    }
    return bytes
  }
}

/** OIDs of array elements (catalogue pg_type), which the array format repeats. */
const ELEMENT_OIDS: Partial<Record<ScalarKind, number>> = { text: 25, integer: 23, bigint: 20 }

function arrayEncoder(type: SqlType, element: Encoder): Encoder {
  const oid = ELEMENT_OIDS[type.kind] ?? 0
  return (value) => {
    if (!Array.isArray(value)) return 'VALUE_OUT_OF_RANGE'
    const head = Buffer.alloc(value.length === 0 ? 12 : 20)
    head.writeInt32BE(value.length === 0 ? 0 : 1, 0)
    head.writeInt32BE(oid, 8)
    if (value.length > 0) {
      head.writeInt32BE(value.length, 12)
      head.writeInt32BE(1, 16)
    }
    const parts: Buffer[] = [head]
    for (const item of value) {
      const bytes = element(item)
      if (typeof bytes === 'string') return bytes
      const length = Buffer.allocUnsafe(4)
      length.writeInt32BE(bytes.length)
      parts.push(length, bytes)
    }
    return Buffer.concat(parts)
  }
}

/** The encoder of a published type. */
export function encoderFor(type: SqlType): Encoder {
  const element = ENCODERS[type.kind](type)
  return type.array ? arrayEncoder(type, element) : element
}
