/**
 * The settings that come from the environment: read here and nowhere else, parsed with all problems at once, handed on as
 * a frozen value. A command names what it needs; what it does not need is not asked for.
 */
import { ERRORS, type Problem, VitrineError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { type Address, parseAddress } from '../postgres/address.ts'
import type { Publication } from '../publication/publication.ts'
import { ALARM_FORMATS, type AlarmFormat } from '../schedule/delivery.ts'
import type { HttpAddress } from '../schedule/listener.ts'
import { parseHttpAddress } from './http-address.ts'
import { distance, nearest } from './nearest.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export const processEnvironment = (): Environment => process.env

/** Every variable of the tool. What each is for is said by the help, in the language of the command line. */
export const VARIABLES = [
  'DATABASE_URL',
  'METABASE_DATABASE_URL',
  'METABASE_READER_URL',
  'METABASE_ADMIN_URL',
  'VITRINE_PSEUDONYM_KEY',
  'VITRINE_ALARM_WEBHOOK',
  'VITRINE_ALARM_FORMAT',
  'VITRINE_PING_URL',
  'VITRINE_HTTP_ADDRESS',
] as const
export type Variable = (typeof VARIABLES)[number]

/** What a command needs of each connection; what is absent here is not looked at. */
export interface Needs {
  readonly source?: 'required' | 'optional'
  readonly target?: 'required' | 'optional'
  readonly reader?: 'optional'
  readonly admin?: 'optional'
}

export interface Settings {
  readonly source: Address | null
  readonly target: Address | null
  readonly reader: Address | null
  readonly admin: Address | null
  readonly pseudonymKey: Secret | null
  /** Whoever has one of these URLs can post to it, so they are secrets. */
  readonly alarmWebhook: Secret | null
  readonly pingUrl: Secret | null
  readonly alarmFormat: AlarmFormat
  readonly httpAddress: HttpAddress | null
}

/** Settings in which what was required is there. */
export type SettingsFor<N extends Needs> = {
  readonly [K in keyof Settings]: K extends keyof N
    ? N[K] extends 'required'
      ? NonNullable<Settings[K]>
      : Settings[K]
    : Settings[K]
}

const URLS = {
  source: 'DATABASE_URL',
  target: 'METABASE_DATABASE_URL',
  reader: 'METABASE_READER_URL',
  admin: 'METABASE_ADMIN_URL',
} as const satisfies Record<keyof Needs, Variable>
type Connection = keyof typeof URLS

const MISSING: Readonly<Partial<Record<Connection, 'SOURCE_URL_MISSING' | 'TARGET_URL_MISSING'>>> = {
  source: 'SOURCE_URL_MISSING',
  target: 'TARGET_URL_MISSING',
}

const SHORTEST_KEY = 32

/**
 * Parses what a command needs. A single problem is thrown under its own code (TARGET_URL_MISSING, URL_INVALID …), several
 * together as SETTINGS_INVALID. A missing target never falls back to the source.
 */
export function parseSettings<const N extends Needs>(
  environment: Environment,
  needs: N,
  publication: Publication,
): SettingsFor<N> {
  const errors: VitrineError[] = []
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof VitrineError)) throw error
      errors.push(error)
      return null
    }
  }
  const connection = (kind: Connection) => attempt(() => address(environment, kind, needs[kind]))
  const settings: Settings = Object.freeze({
    source: connection('source'),
    target: connection('target'),
    reader: connection('reader'),
    admin: connection('admin'),
    pseudonymKey: attempt(() => pseudonymKey(environment)),
    alarmWebhook: attempt(() => webUrl(environment, 'VITRINE_ALARM_WEBHOOK')),
    pingUrl: attempt(() => webUrl(environment, 'VITRINE_PING_URL')),
    alarmFormat: attempt(() => alarmFormat(environment)) ?? 'json',
    httpAddress: attempt(() => httpAddress(environment)),
  })
  const problems = [...misspelt(environment), ...disagreements(settings, publication)]
  if (sameDatabase(settings.source, settings.target)) {
    errors.push(
      new VitrineError('TARGET_IS_SOURCE', { place: URLS.target, detail: 'Both URLs name the same database.' }),
    )
  }
  const [only] = errors
  if (only !== undefined && errors.length === 1 && problems.length === 0) throw only
  if (errors.length + problems.length > 0) {
    throw new VitrineError('SETTINGS_INVALID', { problems: [...errors.map(asProblem), ...problems] })
  }
  // sound because an address that was required and missing has put an error on the list.
  return settings as SettingsFor<N>
}

/** An empty variable is a missing one: that is how a line of a file of settings is switched off. */
function settingOf(environment: Environment, name: Variable): string | null {
  const value = environment[name]?.trim() ?? ''
  return value === '' ? null : value
}

function address(environment: Environment, kind: Connection, need: 'required' | 'optional' | undefined) {
  if (need === undefined) return null
  const text = settingOf(environment, URLS[kind])
  if (text !== null) return parseAddress(text, URLS[kind])
  const code = MISSING[kind]
  if (need === 'required' && code !== undefined) throw new VitrineError(code, { place: URLS[kind] })
  return null
}

function pseudonymKey(environment: Environment): Secret | null {
  const key = settingOf(environment, 'VITRINE_PSEUDONYM_KEY')
  if (key !== null && key.length < SHORTEST_KEY) {
    throw new VitrineError('SETTINGS_INVALID', {
      problems: [
        {
          place: 'VITRINE_PSEUDONYM_KEY',
          detail: `it has ${key.length} characters`,
          remedy: `give at least ${SHORTEST_KEY} random characters, such as those of openssl rand -hex 32`,
        },
      ],
    })
  }
  return key === null ? null : new Secret(key)
}

function webUrl(environment: Environment, place: Variable): Secret | null {
  const text = settingOf(environment, place)
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  // A request is refused at run time when its URL holds a user: better now than in the night.
  const known = url !== null && ['http:', 'https:'].includes(url.protocol) && url.username + url.password === ''
  if (known) return new Secret(text)
  const detail = 'it is not a URL of the form https://host/path'
  throw new VitrineError('SETTINGS_INVALID', { problems: [{ place, detail, remedy: 'copy it whole, without a user' }] })
}

function alarmFormat(environment: Environment): AlarmFormat {
  const place = 'VITRINE_ALARM_FORMAT'
  const text = settingOf(environment, place) ?? 'json'
  const format = ALARM_FORMATS.find((known) => known === text)
  if (format !== undefined) return format
  const [detail, remedy] = ['it is not a format of alarms', `write ${ALARM_FORMATS.join(' or ')}`]
  throw new VitrineError('SETTINGS_INVALID', { problems: [{ place, detail, remedy }] })
}

function httpAddress(environment: Environment): HttpAddress | null {
  const place = 'VITRINE_HTTP_ADDRESS'
  const text = settingOf(environment, place)
  if (text === null) return null
  const address = parseHttpAddress(text)
  if (address !== null) return address
  const [detail, remedy] = ['it is not an address to listen at', 'write host:port, such as 127.0.0.1:9187']
  throw new VitrineError('SETTINGS_INVALID', { problems: [{ place, detail, remedy }] })
}

/** What each URL says well by itself and wrongly beside the publication or the others. */
function disagreements({ source, target, reader, admin }: Settings, publication: Publication): Problem[] {
  const problems: Problem[] = []
  const expectSchema = (found: Address | null, kind: Connection, schema: string) => {
    if (found?.schema == null || found.schema === schema) return
    problems.push({
      place: URLS[kind],
      detail: `currentSchema is ${found.schema}, and the schema of the publication ${publication.name} is ${schema}`,
      remedy: `write currentSchema=${schema}, or leave it out`,
    })
  }
  expectSchema(source, 'source', publication.source.schema)
  expectSchema(target, 'target', publication.schema)
  expectSchema(reader, 'reader', publication.schema)
  expectSchema(admin, 'admin', publication.schema)
  if (reader !== null && reader.user !== publication.reader) {
    problems.push({
      place: URLS.reader,
      detail: `it logs in as ${reader.user}, and the reader of the publication is ${publication.reader}`,
      remedy: `write the role ${publication.reader} into the URL`,
    })
  }
  for (const [kind, found] of [
    ['reader', reader],
    ['admin', admin],
  ] as const) {
    if (found === null || target === null || found.database === target.database) continue
    problems.push({
      place: URLS[kind],
      detail: `it names the database ${found.database}, and ${URLS.target} names ${target.database}`,
      remedy: 'name the same database in both',
    })
  }
  return problems
}

/** The same names prove it; that other names may mean the same is proved later by the servers themselves. */
const sameDatabase = (a: Address | null, b: Address | null): boolean =>
  a !== null &&
  b !== null &&
  a.host.toLowerCase() === b.host.toLowerCase() &&
  a.port === b.port &&
  a.database === b.database

/** Variables that can only be meant for us and that we do not know. Metabase's own begin otherwise, or are not like ours. */
function misspelt(environment: Environment): Problem[] {
  const known: readonly string[] = VARIABLES
  const names = Object.keys(environment).filter((name) => {
    if (known.includes(name)) return false
    if (name.startsWith('VITRINE_') || name.startsWith('METABASE_DATABASE')) return true
    return name.startsWith('METABASE_') && known.some((candidate) => distance(name, candidate) <= 2)
  })
  return names.sort().map((name) => ({
    place: name,
    detail: 'this variable is not known',
    remedy: `did you mean ${nearest(name, VARIABLES)}?`,
  }))
}

const asProblem = (error: VitrineError): Problem =>
  error.problems[0] ?? {
    place: error.place ?? 'environment',
    detail: [ERRORS[error.code].what, error.detail].filter(Boolean).join(' '),
    remedy: error.remedy,
  }
