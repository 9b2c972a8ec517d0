/**
 * Database URLs: parsed here against a closed list of parameters and handed to the driver as explicit fields. Drivers
 * ignore or refuse JDBC's `currentSchema` and take unknown parameters in silence; here an unknown parameter is an error.
 */
import { VitrineError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

/** libpq's meanings (PostgreSQL manual, chapter 32.19). */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** The role that a server must have: a connection to another one is refused. */
export type ServerRole = 'any' | 'primary' | 'standby'

export interface Address {
  /** A name, an address, or the folder of a socket. */
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
  /** TLS from the first byte, without the request that PostgreSQL's protocol sends first. */
  readonly sslDirect: boolean
  /** Whether the login must be bound to its TLS connection (SCRAM channel binding). */
  readonly channelBinding: boolean
  /** From `target_session_attrs`. */
  readonly serverRole: ServerRole
  /** From `currentSchema`. */
  readonly schema: string | null
  readonly connectTimeoutSeconds: number | null
  /** Shown in pg_stat_activity beside the name of the session. */
  readonly applicationName: string | null
}

const ROLES: Readonly<Record<string, ServerRole>> = {
  any: 'any',
  'prefer-standby': 'any',
  primary: 'primary',
  'read-write': 'primary',
  standby: 'standby',
  'read-only': 'standby',
}

/** The supported parameters with libpq's meaning, and the values of each; null for any text. */
const PARAMETERS: Readonly<Record<string, readonly string[] | null>> = {
  sslmode: SSL_MODES,
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  sslnegotiation: ['postgres', 'direct'],
  channel_binding: ['disable', 'prefer', 'require'],
  currentSchema: null,
  connect_timeout: null,
  host: null,
  application_name: null,
  // Not needed: every session has a name already.
  fallback_application_name: null,
  target_session_attrs: Object.keys(ROLES),
  // The only value for which nothing has to be done.
  gssencmode: ['disable', 'prefer'],
  sslcompression: ['0'],
  sslsni: ['1'],
  keepalives: ['1'],
}

const BEFORE = 'write it before the question mark'
/** Parameters of other drivers, or that are not supported, with what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  options: 'give the settings to the role (alter role … set …); the host name says which endpoint is meant',
  pgbouncer: 'it marks the URL of a pooler: name the server itself',
  schema: 'write currentSchema',
  ssl: 'write sslmode=require, or sslmode=verify-full with sslrootcert',
  user: BEFORE,
  password: BEFORE,
  dbname: BEFORE,
  port: BEFORE,
  hostaddr: BEFORE,
  service: 'no file is read: write host, user and database into the URL',
  passfile: 'no file is read: write the password into the URL',
}

type Fail = (detail: string) => never

/** Parses a database URL. `place` names the variable or flag in errors; the URL itself, which holds a password, never is. */
export function parseAddress(text: string, place: string): Address {
  const fail: Fail = (detail) => {
    throw new VitrineError('URL_INVALID', { place, detail })
  }
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      return fail('A % is not followed by two hexadecimal digits: percent-encode it as %25.')
    }
  }
  const url = readUrl(text.trim(), fail)
  refuseParameters(url, place, fail)
  const value = (name: string) => url.searchParams.get(name)
  const host = value('host') ?? decode(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  const user = decode(url.username)
  const path = url.pathname.slice(1)
  if (host === '' || host === NO_HOST) fail('The host is missing.')
  if (host.includes(',')) fail(SEVERAL_HOSTS)
  if (user === '') fail('The user is missing.')
  if (path === '') fail('The database is missing.')
  if (path.endsWith('/')) fail('The database is followed by a slash: remove it.')
  if (path.includes('/')) fail('The name of the database holds a slash: percent-encode it as %2F.')
  const timeout = value('connect_timeout')
  if (timeout !== null && !/^[1-9]\d{0,3}$/.test(timeout)) fail('connect_timeout must be a number of seconds.')
  return Object.freeze({
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database: decode(path),
    user,
    password: url.password === '' ? null : new Secret(decode(url.password)),
    ...tlsOf(value, fail),
    serverRole: ROLES[value('target_session_attrs') ?? 'any'] ?? 'any',
    schema: value('currentSchema'),
    connectTimeoutSeconds: timeout === null ? null : Number(timeout),
    applicationName: value('application_name'),
  })
}

/** Stands for a missing host, as in a URL of a socket: `URL` refuses a user without a host. */
const NO_HOST = 'no-host.invalid'
const SEVERAL_HOSTS = 'It names several hosts: name one, such as a name that follows the primary.'

function readUrl(text: string, fail: Fail): URL {
  const [, scheme = '', authority = '', rest = ''] =
    /^([a-z0-9+.:-]+:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? fail('It is not a URL.')
  if (!/^postgres(ql)?:\/\/$/i.test(scheme)) fail('It must begin with postgresql://.')
  const hosts = authority.slice(authority.lastIndexOf('@') + 1)
  if (hosts.includes(',')) fail(SEVERAL_HOSTS)
  const whole = `${scheme}${authority}${hosts === '' ? NO_HOST : ''}${rest}`
  if (!URL.canParse(whole)) {
    fail('It is not a URL: percent-encode what is special in user and password, such as / as %2F and @ as %40.')
  }
  const url = new URL(whole)
  if (url.hash !== '') fail('It holds a #: percent-encode it as %23 in the password.')
  return url
}

function tlsOf(value: (name: string) => string | null, fail: Fail) {
  const [sslRootCert, sslCert, sslKey] = [value('sslrootcert'), value('sslcert'), value('sslkey')]
  const given = value('sslmode') ?? (sslRootCert === 'system' ? 'verify-full' : 'prefer')
  const sslMode = SSL_MODES.find((mode) => mode === given) ?? 'prefer'
  if (sslRootCert === 'system' && !sslMode.startsWith('verify-')) fail('sslrootcert=system needs sslmode=verify-full.')
  if ((sslCert === null) !== (sslKey === null)) fail('sslcert and sslkey are given together.')
  const sslDirect = value('sslnegotiation') === 'direct'
  if (sslDirect && !/^(require|verify-)/.test(sslMode)) fail('sslnegotiation=direct needs sslmode=require or more.')
  const channelBinding = value('channel_binding') === 'require'
  return { sslMode, sslRootCert, sslCert, sslKey, sslDirect, channelBinding }
}

function refuseParameters(url: URL, place: string, fail: Fail): void {
  for (const [name, value] of url.searchParams) {
    const values = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (values === undefined) {
      const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined
      const detail = `«${name}» is not one of ${Object.keys(PARAMETERS).join(', ')}.`
      throw new VitrineError('URL_PARAMETER_UNKNOWN', {
        place,
        detail: instead === undefined ? detail : `«${name}» cannot be kept: ${instead}.`,
      })
    }
    if (url.searchParams.getAll(name).length > 1) fail(`«${name}» is given twice.`)
    if (value === '') fail(`«${name}» is empty.`)
    if (values !== null && !values.includes(value)) fail(`${name} must be one of ${values.join(', ')}.`)
  }
}

/** On a socket there is no TLS, whatever sslmode says. */
export const isSocket = ({ host }: Pick<Address, 'host'>): boolean => host.startsWith('/')

/** An IPv6 address stands in brackets before a port. */
const hostPort = ({ host, port }: Address): string =>
  `${host.includes(':') && !isSocket({ host }) ? `[${host}]` : host}:${port}`

/** Host, port and database, without the user. */
export const whereIs = (address: Address): string => `${hostPort(address)}/${address.database}`

/** The address in a form that may be printed: no password. */
export const printable = (address: Address): string => `${address.user}@${whereIs(address)}`

/**
 * The address as a URL that libpq takes too, password included: for the file of settings that we write, and for a person who
 * asks for it. `currentSchema`, which libpq refuses, is left out.
 */
export function addressUrl(address: Address): string {
  const { sslMode, sslDirect, channelBinding, serverRole, connectTimeoutSeconds } = address
  const password = address.password === null ? '' : `:${encodeURIComponent(address.password.reveal())}`
  const where = isSocket(address) ? `${encodeURIComponent(address.host)}:${address.port}` : hostPort(address)
  const given = {
    sslmode: sslMode === 'prefer' ? null : sslMode,
    sslrootcert: address.sslRootCert,
    sslcert: address.sslCert,
    sslkey: address.sslKey,
    sslnegotiation: sslDirect ? 'direct' : null,
    channel_binding: channelBinding ? 'require' : null,
    target_session_attrs: serverRole === 'any' ? null : serverRole,
    connect_timeout: connectTimeoutSeconds,
    application_name: address.applicationName,
  }
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  const end = parameters.length === 0 ? '' : `?${parameters.join('&')}`
  return `postgresql://${encodeURIComponent(address.user)}${password}@${where}/${encodeURIComponent(address.database)}${end}`
}
