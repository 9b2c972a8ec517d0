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

const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'currentSchema', 'connect_timeout']

/** Parses a database URL. `place` names the variable or flag in errors; the URL itself, which holds a password, never is. */
export function parseAddress(text: string, place: string): Address {
  const fail = (detail: string): never => {
    throw new VitrineError('URL_INVALID', { place, detail })
  }
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      return fail('A % is not followed by two hexadecimal digits: percent-encode it as %25.')
    }
  }
  if (!URL.canParse(text.trim())) fail('It is not a URL.')
  const url = new URL(text.trim())
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') fail('It must begin with postgresql://.')
  if (url.hash !== '') fail('It holds a #: percent-encode it as %23 in the password.')
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  const user = decode(url.username)
  const database = decode(url.pathname.replace(/^\//, ''))
  if (host === '') fail('The host is missing.')
  if (user === '') fail('The user is missing.')
  if (database === '' || database.includes('/')) fail('The database is missing.')
  refuseParameters(url, place, fail)
  const value = (name: string) => url.searchParams.get(name)
  const sslMode = SSL_MODES.find((mode) => mode === (value('sslmode') ?? 'prefer'))
  if (sslMode === undefined) return fail(`sslmode must be one of ${SSL_MODES.join(', ')}.`)
  const timeout = value('connect_timeout')
  if (timeout !== null && !/^[1-9]\d{0,3}$/.test(timeout)) fail('connect_timeout must be a number of seconds.')
  return Object.freeze({
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user,
    password: url.password === '' ? null : new Secret(decode(url.password)),
    sslMode,
    sslRootCert: value('sslrootcert'),
    sslCert: value('sslcert'),
    sslKey: value('sslkey'),
    schema: value('currentSchema'),
    connectTimeoutSeconds: timeout === null ? null : Number(timeout),
  })
}

function refuseParameters(url: URL, place: string, fail: (detail: string) => never): void {
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.includes(name)) {
      const detail = `«${name}» is not one of ${PARAMETERS.join(', ')}.`
      throw new VitrineError('URL_PARAMETER_UNKNOWN', { place, detail })
    }
    if (url.searchParams.getAll(name).length > 1) fail(`«${name}» is given twice.`)
    if (value === '') fail(`«${name}» is empty.`)
  }
}

/** An IPv6 address stands in brackets before a port. */
const hostPort = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Where a database is, without who logs in. */
export const whereIs = (address: Address): string => `${hostPort(address)}/${address.database}`

/** The address in a form that may be printed: no password. */
export const printable = (address: Address): string => `${address.user}@${whereIs(address)}`

/** The address as a URL, password included: for the one line in which the demonstration prints its reader's connection. */
export function addressUrl(address: Address): string {
  const password = address.password === null ? '' : `:${encodeURIComponent(address.password.reveal())}`
  return `postgresql://${encodeURIComponent(address.user)}${password}@${hostPort(address)}/${encodeURIComponent(address.database)}`
}
