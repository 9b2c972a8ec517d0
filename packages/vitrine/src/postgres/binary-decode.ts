/**
 * Decoders from PostgreSQL's binary format to the values that rules receive, by type OID (catalogue pg_type, stable
 * across versions). Text is remembered, because columns of bands and codes repeat a few values millions of times.
 */
import { dateText, timestampText, timeText } from './calendar.ts'
import { numericText } from './decimal.ts'

/** Reads the value of `length` bytes at `offset`. */
export type Decoder = (bytes: Buffer, offset: number, length: number) => unknown

const SLOTS = 1024
const REMEMBERED_BYTES = 32

/**
 * A text decoder with a small memory: a slot for each hash, compared byte by byte before it is trusted. Building a string
 * costs ten times the comparison.
 */
export function textDecoder(): Decoder {
  const keys: (Buffer | undefined)[] = new Array(SLOTS).fill(undefined)
  const texts: string[] = new Array(SLOTS).fill('')
  return (bytes, offset, length) => {
    if (length > REMEMBERED_BYTES) return bytes.toString('utf8', offset, offset + length)
    let hash = length
    const end = offset + length
    for (let at = offset; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
    const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1)
    const key = keys[slot]
    if (key !== undefined && key.length === length) {
      let at = 0
      while (at < length && key[at] === bytes[offset + at]) at++
      if (at === length) return texts[slot]
    }
    const text = bytes.toString('utf8', offset, end)
    keys[slot] = Buffer.from(bytes.subarray(offset, end))
    texts[slot] = text
    return text
  }
}

/** Days repeat as texts do: the calendar is computed once for each, a slot for each day number. */
function dateDecoder(): Decoder {
  const days = new Int32Array(SLOTS)
  const texts: (string | undefined)[] = new Array(SLOTS).fill(undefined)
  return (bytes, offset) => {
    const day = bytes.readInt32BE(offset)
    const slot = day & (SLOTS - 1)
    const known = texts[slot]
    if (known !== undefined && days[slot] === day) return known
    const text = dateText(day)
    days[slot] = day
    texts[slot] = text
    return text
  }
}

function uuidText(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** One-dimensional arrays without NULL elements, and the empty array; null for others, which the caller refuses. */
function arrayDecoder(element: Decoder): Decoder {
  return (bytes, offset) => {
    const dimensions = bytes.readInt32BE(offset)
    if (dimensions === 0) return []
    const size = bytes.readInt32BE(offset + 12)
    if (dimensions !== 1) throw new RangeError('an array of several dimensions')
    const values: unknown[] = []
    let at = offset + 20
    for (let index = 0; index < size; index++) {
      const length = bytes.readInt32BE(at)
      at += 4
      values.push(length < 0 ? null : element(bytes, at, length))
      at += Math.max(length, 0)
    }
    return values
  }
}

const text = (): Decoder => textDecoder()
const int2: Decoder = (bytes, offset) => bytes.readInt16BE(offset)
const int4: Decoder = (bytes, offset) => bytes.readInt32BE(offset)
const int8: Decoder = (bytes, offset) => bytes.readBigInt64BE(offset)

const DECODERS: Readonly<Record<number, () => Decoder>> = {
  16: () => (bytes, offset) => bytes[offset] === 1,
  20: () => int8,
  21: () => int2,
  23: () => int4,
  19: text,
  25: text,
  1042: text,
  1043: text,
  114: () => (bytes, offset, length) => bytes.toString('utf8', offset, offset + length),
  // jsonb's first byte is the version of its format, always 1.
  3802: () => (bytes, offset, length) => bytes.toString('utf8', offset + 1, offset + length),
  700: () => (bytes, offset) => bytes.readFloatBE(offset),
  701: () => (bytes, offset) => bytes.readDoubleBE(offset),
  1082: dateDecoder,
  1083: () => (bytes, offset) => timeText(bytes.readBigInt64BE(offset)),
  1114: () => (bytes, offset) => timestampText(bytes.readBigInt64BE(offset), ''),
  1184: () => (bytes, offset) => timestampText(bytes.readBigInt64BE(offset), 'Z'),
  1700: () => numericText,
  2950: () => uuidText,
  1005: () => arrayDecoder(int2),
  1007: () => arrayDecoder(int4),
  1016: () => arrayDecoder(int8),
  1009: () => arrayDecoder(textDecoder()),
  1015: () => arrayDecoder(textDecoder()),
}

/** A decoder of its own for a type OID, or null when rules cannot receive that type. */
export function decoderFor(oid: number): Decoder | null {
  return DECODERS[oid]?.() ?? null
}
