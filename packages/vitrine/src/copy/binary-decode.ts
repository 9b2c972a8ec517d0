/**
 * Decoders from PostgreSQL's binary format to the values that rules receive, by type OID (catalogue pg_type, stable
 * across versions). Texts are cached, because columns of bands and codes repeat a few values millions of times.
 */
import { constants } from 'node:buffer'
import { dateText, timestampText, timeText } from './calendar.ts'
import { numericText } from './decimal.ts'

/** Reads the value of `length` bytes at `offset`; `view` is over the same bytes. */
export type Decoder = (bytes: Buffer, offset: number, length: number, view: DataView) => unknown

/** A value that rules cannot receive. The message tells its kind, never its content. */
export class UnreadableInput extends Error {}

const SLOTS = 1024
const LONGEST_REMEMBERED = 16
const utf8: Decoder = (bytes, offset, length) => {
  if (length > constants.MAX_STRING_LENGTH) throw new UnreadableInput('a text of more than 512 MB')
  return bytes.toString('utf8', offset, offset + length)
}

/** Caches short ASCII texts: building a string costs five times as much as finding it. */
function textDecoder(): Decoder {
  const texts: string[] = new Array(SLOTS).fill('')
  return (bytes, offset, length, view) => {
    if (length > LONGEST_REMEMBERED) return utf8(bytes, offset, length, view)
    let hash = 0
    let all = 0
    for (let at = offset; at < offset + length; at++) {
      const byte = bytes[at] as number // sound because the text is inside.
      hash = (Math.imul(hash, 31) + byte) | 0
      all |= byte
    }
    const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (SLOTS - 1)
    const known = texts[slot] as string // sound because every slot is filled.
    if (all < 0x80 && known.length === length && isText(known, bytes, offset)) return known
    const text = utf8(bytes, offset, length, view)
    // sound because a text decoder returns a string.
    if (all < 0x80) texts[slot] = text as string
    return text
  }
}

function isText(text: string, bytes: Buffer, offset: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[offset + index]) return false
  return true
}

/** Forty years of days. */
const REMEMBERED_DAYS = 16_384

function dateDecoder(): Decoder {
  const texts = new Map<number, string>()
  return (_bytes, offset, _length, view) => {
    const day = view.getInt32(offset)
    const known = texts.get(day)
    if (known !== undefined) return known
    const text = dateText(day)
    if (texts.size < REMEMBERED_DAYS) texts.set(day, text)
    return text
  }
}

function uuidText(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Arrays of one dimension, and the empty array. */
function arrayDecoder(element: Decoder): Decoder {
  return (bytes, offset, _length, view) => {
    const dimensions = bytes.readInt32BE(offset)
    if (dimensions === 0) return []
    const size = bytes.readInt32BE(offset + 12)
    if (dimensions !== 1) throw new UnreadableInput('an array of several dimensions')
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

const int2: Decoder = (_bytes, offset, _length, view) => view.getInt16(offset)
const int4: Decoder = (_bytes, offset, _length, view) => view.getInt32(offset)
const int8: Decoder = (bytes, offset) => bytes.readBigInt64BE(offset)

const DECODERS: Readonly<Record<number, () => Decoder>> = {
  16: () => (bytes, offset) => bytes[offset] === 1,
  17: () => (bytes, offset, length) => bytes.subarray(offset, offset + length),
  20: () => int8,
  21: () => int2,
  23: () => int4,
  19: textDecoder,
  25: textDecoder,
  1042: textDecoder,
  1043: textDecoder,
  114: () => utf8,
  // jsonb's first byte is the version of its format, always 1.
  3802: () => (bytes, offset, length, view) => utf8(bytes, offset + 1, length - 1, view),
  700: () => (bytes, offset) => bytes.readFloatBE(offset),
  701: () => (bytes, offset) => bytes.readDoubleBE(offset),
  1082: dateDecoder,
  1083: () => (bytes, offset) => timeText(bytes.readBigInt64BE(offset)),
  1114: () => (bytes, offset) => timestampText(bytes.readBigInt64BE(offset), ''),
  1184: () => (bytes, offset) => timestampText(bytes.readBigInt64BE(offset), 'Z'),
  1700: () => numericText,
  2950: () => uuidText,
}

/** The OIDs of arrays, with those of their elements. */
// biome-ignore format: a table.
const ELEMENTS: Readonly<Record<number, number>> = {
  1000: 16, 1016: 20, 1005: 21, 1007: 23, 1003: 19, 1009: 25, 1014: 1042, 1015: 1043, 199: 114, 3807: 3802, 1021: 700,
  1022: 701, 1182: 1082, 1183: 1083, 1115: 1114, 1185: 1184, 1231: 1700, 2951: 2950,
}

/** A new decoder for a type OID, or null when rules cannot receive that type. */
export function decoderFor(oid: number): Decoder | null {
  const element = DECODERS[ELEMENTS[oid] ?? 0]?.()
  return element === undefined ? (DECODERS[oid]?.() ?? null) : arrayDecoder(element)
}
