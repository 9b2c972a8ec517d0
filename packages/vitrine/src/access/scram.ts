/**
 * The SCRAM-SHA-256 verifier of a password (RFC 5802 and RFC 7677), in the form that PostgreSQL stores unchanged. It is
 * computed here so that the clear password is never in a statement, hence never in the server's log. Called by provision.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'

/** The smallest count that RFC 7677 allows, and PostgreSQL's own default. */
const ITERATIONS = 4096
const SALT_BYTES = 16
const KEY_BYTES = 32

/**
 * Throws SETTINGS_INVALID for a password that clients could understand differently: outside ASCII the text is normalised
 * (RFC 4013), which drivers do in different ways or not at all.
 */
export function requirePlainPassword(password: Secret, role: string): void {
  if (/^[\x20-\x7e]+$/.test(password.reveal())) return
  throw new VitrineError('SETTINGS_INVALID', {
    place: `the password of ${role}`,
    detail: 'It is empty, or holds other characters than printable ASCII.',
    remedy: 'Choose a long password of letters and digits.',
  })
}

/** `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, the parts in base64. Only tests pass a `salt`. */
export function scramVerifier(password: Secret, salt: Buffer = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password.reveal(), salt, ITERATIONS, KEY_BYTES, 'sha256')
  const keyed = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64')
  const serverKey = keyed('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
