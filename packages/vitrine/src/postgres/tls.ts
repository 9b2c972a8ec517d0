/** TLS of a connection, with libpq's meaning of `sslmode` and the files that the URL names. Called by `connect.ts`. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { VitrineError } from '../base/errors.ts'
import type { Address } from './address.ts'

function certificate(path: string, name: string, side: 'source' | 'target'): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new VitrineError('TLS_FAILED', { place: side, detail: `The file of ${name} cannot be read.`, cause: error })
  }
}

/** For the driver, in libpq's meaning. Throws TLS_FAILED when a file cannot be read. */
export function tlsOptions(address: Address, side: 'source' | 'target'): ConnectionOptions {
  const verifies = address.sslMode === 'verify-ca' || address.sslMode === 'verify-full'
  const system = address.sslRootCert === 'system' || address.sslRootCert === null
  return {
    rejectUnauthorized: verifies || (address.sslRootCert !== null && address.sslMode === 'require'),
    ...(system ? {} : { ca: certificate(address.sslRootCert ?? '', 'sslrootcert', side) }),
    ...(address.sslCert === null ? {} : { cert: certificate(address.sslCert, 'sslcert', side) }),
    ...(address.sslKey === null ? {} : { key: certificate(address.sslKey, 'sslkey', side) }),
    // libpq: only verify-full compares the host name with the certificate's.
    ...(address.sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Whether the first try uses TLS, and the second if there is one: libpq's order. */
export function tlsOrder(address: Address): readonly boolean[] {
  if (address.sslMode === 'disable') return [false]
  if (address.sslMode === 'allow') return [false, true]
  if (address.sslMode === 'prefer') return [true, false]
  return [true]
}
