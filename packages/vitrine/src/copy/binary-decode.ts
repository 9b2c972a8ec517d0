/**
 * Decoders from PostgreSQL's binary format to the values that rules receive, by type OID (catalogue pg_type, stable
 * across versions). Text is remembered, because columns of bands and codes repeat a few values millions of times.
 */
import { dateText, timestampText, timeText } from './calendar.ts'
import { numericText } from './decimal.ts'

/** Reads the value of `length` bytes at `offset`; `view` is over the same bytes. */
export type Decoder = (bytes: Buffer, offset: number, length: number, view: DataView) => unknown

const SLOTS = 1024
const REMEMBERED_BYTES = 16

/**
 * A text decoder with a small memory: building a string costs ten times as much as finding one. The four words of a slot
 * and the length tell a text of up to 16 bytes exactly: its first and its last eight bytes, which overlap in shorter ones.
 */
function textDecoder(): Decoder {
  const words = new Int32Array(SLOTS * 4)
  const lengths = new Int32Array(SLOTS).fill(-1)
  const texts: string[] = new Array(SLOTS).fill('')
  return (bytes, offset, length, view) => {
    const end = offset + length
    if (length > REMEMBERED_BYTES) return bytes.toString('utf8', offset, end)
    let [a, b, c, d] = [0, 0, 0, 0]
    if (length >= 4) {
      a = view.getInt32(offset)
      d = view.getInt32(end - 4)
      if (length > 8) {
        b = view.getInt32(offset + 4)
        c = view.getInt32(end - 8)
      }
    } else for (let at = offset; at < end; at++) a = (a << 8) | view.getUint8(at)
    const hash = Math.imul(Math.imul(Math.imul(a, 31) + b, 31) + c, 31) + d + length
    const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (SLOTS - 1)
    const first = slot * 4
    if (
      lengths[slot] === length &&
      words[first] === a &&
      words[first + 1] === b &&
      words[first + 2] === c &&
      words[first + 3] === d
    )
      return texts[slot]
    const text = bytes.toString('utf8', offset, end)
    words[first] = a
    words[first + 1] = b
    words[first + 2] = c
    words[first + 3] = d
    lengths[slot] = length
    texts[slot] = text
    return text
  }
}

/** Forty years of days. */
const DAY_SLOTS = 16_384

/** Days repeat as texts do: the calendar is computed once for each, a slot for each day number. */
function dateDecoder(): Decoder {
  const days = new Int32Array(DAY_SLOTS)
  const texts: (string | undefined)[] = new Array(DAY_SLOTS).fill(undefined)
  return (_bytes, offset, _length, view) => {
    const day = view.getInt32(offset)
    const slot = day & (DAY_SLOTS - 1)
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
  return (bytes, offset, _length, view) => {
    const dimensions = bytes.readInt32BE(offset)
    if (dimensions === 0) return []
    const size = bytes.readInt32BE(offset + 12)
    if (dimensions !== 1) throw new RangeError('an array of several dimensions')
    const values: unknown[] = []
    let at = offset + 20
    for (let index = 0; index < size; index++) {
      const length = bytes.readInt32BE(at)
      at += 4
      values.push(length < 0 ? null : element(bytes, at, length, view))
      at += Math.max(length, 0)
    }
    return values
  }
}

const text = (): Decoder => textDecoder()
const int2: Decoder = (_bytes, offset, _length, view) => view.getInt16(offset)
const int4: Decoder = (_bytes, offset, _length, view) => view.getInt32(offset)
const int8: Decoder = (bytes, offset) => bytes.readBigInt64BE(offset)

const DECODERS: Readonly<Record<number, () => Decoder>> = {
  16: () => (bytes, offset) => bytes[offset] === 1,
  17: () => (bytes, offset, length) => bytes.subarray(offset, offset + length),
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
