/**
 * Pseudonyms: the first 16 bytes of HMAC-SHA-256 over the bytes of a value, marked as a version 8 UUID (RFC 9562). A domain
 * has a key of its own, derived from the installation's: equal values of two domains have different pseudonyms.
 */
import { createHmac } from 'node:crypto'
import type { Secret } from '../base/secret.ts'
import { type ScalarKind, sqlType } from '../sql/sql-type.ts'
import { encoderFor } from './binary-encode.ts'

const hmac = (key: string | Buffer, text: string | Buffer): Buffer => createHmac('sha256', key).update(text).digest()

/** Makes pseudonyms of one domain; the empty text is the domain of columns that declare none. */
export function pseudonymsIn(domain: string, key: Secret): (value: Buffer) => Buffer {
  const own = domain === '' ? key.reveal() : hmac(key.reveal(), `vitrine domain\0${domain}`)
  return (value) => {
    const uuid = hmac(own, value).subarray(0, 16)
    uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6)
    uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8)
    return uuid
  }
}

/** A fingerprint that tells whether two runs had the same key, and nothing else. */
export const keyFingerprint = (key: Secret): string =>
  hmac(key.reveal(), 'vitrine fingerprint').subarray(0, 16).toString('hex')

const uuidText = (uuid: Buffer): string =>
  uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const KINDS = ['text', 'numeric', 'smallint', 'integer', 'bigint', 'real', 'double precision', 'uuid'] as const

function valueAs(kind: ScalarKind, text: string): unknown {
  if (kind.endsWith('int') || kind === 'integer') return /^-?\d+$/.test(text) ? BigInt(text) : null
  return kind === 'real' || kind === 'double precision' ? Number(text) : text
}

/** The pseudonyms that a text may have: one for each source type that the value may have. */
export function pseudonymsOf(text: string, domain: string, key: Secret): readonly string[] {
  const make = pseudonymsIn(domain, key)
  return KINDS.flatMap((kind) => {
    const bytes = encoderFor(sqlType(kind))(valueAs(kind, text))
    return typeof bytes === 'string' ? [] : [uuidText(make(bytes))]
  })
}
