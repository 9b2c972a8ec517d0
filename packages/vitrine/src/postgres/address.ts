/**
 * Database URLs: parsed here against a closed list of parameters and handed to the driver as explicit fields. Drivers
 * ignore or refuse JDBC's `currentSchema` and take unknown parameters in silence; here an unknown parameter is an error.
 */
import { VitrineError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** libpq's meanings (PostgreSQL manual, chapter 32.19). */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

export interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  readonly sslMode: SslMode
  /** Path of a PEM file, or `system` for Node's own list of authorities. */
  readonly sslRootCert: string | null
  readonly sslCert: string | null
  readonly sslKey: string | null
  /** From `currentSchema`. */
  readonly schema: string | null
  readonly connectTimeoutSeconds: number | null
}

const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'currentSchema', 'connect_timeout'] as const

/** Parses a database URL. `place` names the variable or flag in errors; the URL itself, which holds a password, never is. */
export function parseAddress(text: string, place: string): Address {
  const fail = (detail: string): never => {
    throw new VitrineError('URL_INVALID', { place, detail })
  }
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    return fail('It is not a URL.')
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') fail('It must begin with postgresql://.')
  if (url.hash !== '') fail('It holds a #: percent-encode it as %23 in the password.')
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, '$1'), fail)
  const user = decode(url.username, fail)
  const database = decode(url.pathname.replace(/^\//, ''), fail)
  if (host === '') fail('The host is missing.')
  if (user === '') fail('The user is missing.')
  if (database === '' || database.includes('/')) fail('The database is missing.')
  const values = parameters(url, place)
  const sslMode = SSL_MODES.find((mode) => mode === (values.get('sslmode') ?? 'prefer'))
  if (sslMode === undefined) return fail(`sslmode must be one of ${SSL_MODES.join(', ')}.`)
  const timeout = values.get('connect_timeout')
  if (timeout !== undefined && !/^[1-9]\d{0,3}$/.test(timeout)) fail('connect_timeout must be a number of seconds.')
  return Object.freeze({
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user,
    password: url.password === '' ? null : new Secret(decode(url.password, fail)),
    sslMode,
    sslRootCert: values.get('sslrootcert') ?? null,
    sslCert: values.get('sslcert') ?? null,
    sslKey: values.get('sslkey') ?? null,
    schema: values.get('currentSchema') ?? null,
    connectTimeoutSeconds: timeout === undefined ? null : Number(timeout),
  })
}

function decode(text: string, fail: (detail: string) => never): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return fail('A % is not followed by two hexadecimal digits: percent-encode it as %25.')
  }
}

function parameters(url: URL, place: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.some((known) => known === name)) {
      throw new VitrineError('URL_PARAMETER_UNKNOWN', {
        place,
        detail: `«${name}» is not one of ${PARAMETERS.join(', ')}.`,
      })
    }
    if (values.has(name)) throw new VitrineError('URL_INVALID', { place, detail: `«${name}» is given twice.` })
    if (value === '') throw new VitrineError('URL_INVALID', { place, detail: `«${name}» is empty.` })
    values.set(name, value)
  }
  return values
}

/** Where a database is, without who logs in. */
export function whereIs({ host, port, database }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

/** The address in a form that may be printed: no password. */
export function printable(address: Address): string {
  return `${address.user}@${whereIs(address)}`
}

/** The address as a URL, password included: for the one line in which the demo gives its reader's connection. */
export function addressUrl(address: Address): string {
  const password = address.password === null ? '' : `:${encodeURIComponent(address.password.reveal())}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `postgresql://${encodeURIComponent(address.user)}${password}@${host}:${address.port}/${encodeURIComponent(address.database)}`
}
