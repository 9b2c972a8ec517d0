/** TLS of a connection, with libpq's meaning of `sslmode` and the files that the URL names. Called by `connect.ts`. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { VitrineError } from '../base/errors.ts'
import type { Address } from './address.ts'
import type { Side } from './settings.ts'

/** For the driver, in libpq's meaning. Throws TLS_FAILED when a file cannot be read. */
export function tlsOptions({ sslMode, sslRootCert, sslCert, sslKey }: Address, side: Side): ConnectionOptions {
  const file = (path: string | null, name: string): string | undefined => {
    try {
      return path === null ? undefined : readFileSync(path, 'utf8')
    } catch (cause) {
      throw new VitrineError('TLS_FAILED', { place: side, detail: `The file of ${name} cannot be read.`, cause })
    }
  }
  return {
    rejectUnauthorized: sslMode.startsWith('verify-') || (sslMode === 'require' && sslRootCert !== null),
    ca: file(sslRootCert === 'system' ? null : sslRootCert, 'sslrootcert'),
    cert: file(sslCert, 'sslcert'),
    key: file(sslKey, 'sslkey'),
    // libpq: only verify-full compares the host name with the certificate's.
    ...(sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Whether the first try uses TLS, and the second if there is one: libpq's order. */
export function tlsOrder(address: Address): readonly boolean[] {
  if (address.sslMode === 'disable') return [false]
  if (address.sslMode === 'allow') return [false, true]
  if (address.sslMode === 'prefer') return [true, false]
  return [true]
}
