/** TLS of a connection, with libpq's meaning of `sslmode` and the files that the URL names. Called by `connect.ts`. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { VitrineError } from '../base/errors.ts'
import { type Address, isSocket } from './address.ts'
import type { Side } from './settings.ts'

const PEM = { sslrootcert: 'CERTIFICATE', sslcert: 'CERTIFICATE', sslkey: 'PRIVATE KEY' }

/** Null stays null. Throws TLS_FAILED when the file cannot be read, or is no PEM file of what it should hold. */
function pemFile(path: string | null, name: keyof typeof PEM, side: Side): string | undefined {
  if (path === null) return undefined
  const fail = (detail: string, cause?: unknown): never => {
    throw new VitrineError('TLS_FAILED', { place: side, detail, cause })
  }
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    fail(`The file of ${name} cannot be read.`, cause)
  }
  if (/ENCRYPTED/.test(text)) fail(`The file of ${name} is encrypted: give a key without a passphrase.`)
  if (!new RegExp(`^-----BEGIN [A-Z ]*${PEM[name]}-----`, 'm').test(text)) {
    fail(`The file of ${name} is not a PEM file with a ${PEM[name].toLowerCase()}.`)
  }
  return text
}

/** For the driver, in libpq's meaning. Throws TLS_FAILED when a file is not what it should be. */
export function tlsOptions({ sslMode, sslRootCert, sslCert, sslKey }: Address, side: Side): ConnectionOptions {
  return {
    rejectUnauthorized: sslMode.startsWith('verify-') || (sslMode === 'require' && sslRootCert !== null),
    ca: pemFile(sslRootCert === 'system' ? null : sslRootCert, 'sslrootcert', side),
    cert: pemFile(sslCert, 'sslcert', side),
    key: pemFile(sslKey, 'sslkey', side),
    // libpq: only verify-full compares the host name with the certificate's.
    ...(sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Whether the first try uses TLS, and the second if there is one: libpq's order. */
export function tlsOrder(address: Address): readonly boolean[] {
  if (address.sslMode === 'disable' || isSocket(address)) return [false]
  if (address.sslMode === 'allow') return [false, true]
  if (address.sslMode === 'prefer') return [true, false]
  return [true]
}
