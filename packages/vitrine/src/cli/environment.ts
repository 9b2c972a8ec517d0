/**
 * The settings from the environment: read only here, parsed with all problems at once, returned as
 * a frozen value. A command names what it needs; other variables are not checked.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { closest, distance } from 'fastest-levenshtein'
import { ERRORS, type ErrorCode, type Problem, VitrineError } from '../base/errors.ts'
import { requireStrongKey } from '../base/key-strength.ts'
import { Secret } from '../base/secret.ts'
import { type Address, parseAddress } from '../postgres/address.ts'
import type { Publication } from '../publication/publication.ts'
import { schemasOf } from '../publication/register.ts'
import { configured, type Receiver, type Values } from '../schedule/alarms/channel.ts'
import { CHANNELS } from '../schedule/alarms/index.ts'
import type { HttpAddress } from '../schedule/listener.ts'
import { parseHttpAddress } from './http-address.ts'
import { METABASE_VARIABLES, type MetabaseSettings, metabaseSettings } from './metabase-settings.ts'
import { PAGE_VARIABLES } from './page-settings.ts'
import { findPublicationFile } from './publication-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export const processEnvironment = (): Environment => process.env

/**
 * The variables of the process, completed by those of `.env` beside the publication, or in `folder` without one. They
 * stay inside the tool: `process.env` is not changed.
 */
export function withSettingsFile(environment: Environment, folder: string): Environment {
  const publication = findPublicationFile(folder)
  const path = join(publication === null ? folder : dirname(publication), '.env')
  if (!existsSync(path)) return environment
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...environment }
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException // sound because its code is optional.
    throw new VitrineError('SETTINGS_INVALID', { place: path, detail: `It cannot be read (${code}).`, cause })
  }
}

/** Every variable of the tool, with what it is for. Help and reference are made of it. */
export const VARIABLES: Readonly<Record<string, string>> = Object.freeze({
  DATABASE_URL: 'the operational database, with a role that reads it and can do nothing else',
  DATABASE_ADMIN_URL:
    'the same database with the role that owns its tables, or may create roles: for provision --source',
  METABASE_DATABASE_URL: 'the database that Metabase reads, with the writer role',
  METABASE_READER_URL: 'the same database with the reader role: for provision and doctor',
  METABASE_ADMIN_URL: 'the same database with a role that may create roles: for provision',
  ...METABASE_VARIABLES,
  VITRINE_PSEUDONYM_KEY: 'at least 32 random characters, if the publication uses pseudonyms',
  ...Object.fromEntries(CHANNELS.flatMap(({ variables }) => Object.entries(variables))),
  VITRINE_HTTP_ADDRESS:
    'where schedule answers /health and /metrics: host:port, or a port on 127.0.0.1 (default: nowhere)',
  ...PAGE_VARIABLES,
})

/** What a command needs of each connection; what is absent here is not looked at. */
export interface ConnectionNeeds {
  readonly source?: 'required' | 'optional'
  readonly sourceAdmin?: 'optional'
  readonly target?: 'required' | 'optional'
  readonly reader?: 'optional'
  readonly admin?: 'optional'
  /** Where Metabase finds the target. */
  readonly seen?: 'optional'
  readonly metabase?: 'required' | 'optional'
}

export interface Settings {
  readonly source: Address | null
  readonly sourceAdmin: Address | null
  readonly target: Address | null
  readonly reader: Address | null
  readonly admin: Address | null
  readonly seen: Address | null
  readonly metabase: MetabaseSettings | null
  readonly pseudonymKey: Secret | null
  /** The channels that are configured. */
  readonly alarms: readonly Receiver[]
  /** Where monitors are answered. */
  readonly http: HttpAddress | null
}

/** Settings in which what was required is there. */
export type SettingsFor<N extends ConnectionNeeds> = {
  readonly [K in keyof Settings]: K extends keyof N
    ? N[K] extends 'required'
      ? NonNullable<Settings[K]>
      : Settings[K]
    : Settings[K]
}

const URLS = {
  source: 'DATABASE_URL',
  sourceAdmin: 'DATABASE_ADMIN_URL',
  target: 'METABASE_DATABASE_URL',
  reader: 'METABASE_READER_URL',
  admin: 'METABASE_ADMIN_URL',
  seen: 'METABASE_SOURCE_URL',
} as const satisfies Record<Exclude<keyof ConnectionNeeds, 'metabase'>, string>
type Connection = keyof typeof URLS

const MISSING: Readonly<Partial<Record<Connection, ErrorCode>>> = {
  source: 'SOURCE_URL_MISSING',
  target: 'TARGET_URL_MISSING',
}

/**
 * Parses what a command needs. A single problem is thrown under its own code (TARGET_URL_MISSING, URL_INVALID …), several
 * together as SETTINGS_INVALID. A missing target never falls back to the source.
 */
export function parseSettings<const N extends ConnectionNeeds>(
  environment: Environment,
  needs: N,
  publication: Publication,
): SettingsFor<N> {
  const errors: VitrineError[] = []
  const collect = <T>(work: () => T): T | null => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof VitrineError)) throw error
      errors.push(error)
      return null
    }
  }
  // An empty variable counts as missing: that is how people disable a line of a settings file.
  const values: Values = (name) => environment[name]?.trim() || null
  const connection = (kind: Connection) => collect(() => address(values(URLS[kind]), kind, needs[kind]))
  const settings: Settings = Object.freeze({
    source: connection('source'),
    sourceAdmin: connection('sourceAdmin'),
    target: connection('target'),
    reader: connection('reader'),
    admin: connection('admin'),
    seen: connection('seen'),
    metabase: collect(() => metabaseSettings(values, needs.metabase)),
    pseudonymKey: collect(() => pseudonymKey(values)),
    alarms: Object.freeze(CHANNELS.flatMap((channel) => collect(() => configured(channel, values)) ?? [])),
    http: collect(() => httpAddress(values)),
  })
  const problems = [...misspelt(environment), ...disagreements(settings, publication)]
  if (sameDatabase(settings.source, settings.target)) {
    const detail = 'Both URLs name the same database.'
    errors.push(new VitrineError('TARGET_IS_SOURCE', { place: URLS.target, detail }))
  }
  const [only] = errors
  if (only !== undefined && errors.length === 1 && problems.length === 0) throw only
  if (errors.length + problems.length > 0) {
    throw new VitrineError('SETTINGS_INVALID', { problems: [...errors.flatMap(problemsOf), ...problems] })
  }
  // sound because an address that was required and missing has put an error on the list.
  return settings as SettingsFor<N>
}

function address(text: string | null, kind: Connection, need: ConnectionNeeds[Connection]): Address | null {
  if (need === undefined) return null
  if (text !== null) return parseAddress(text, URLS[kind])
  const code = MISSING[kind]
  if (need === 'required' && code !== undefined) throw new VitrineError(code, { place: URLS[kind] })
  return null
}

function pseudonymKey(values: Values): Secret | null {
  const key = values('VITRINE_PSEUDONYM_KEY')
  if (key === null) return null
  requireStrongKey(key)
  return new Secret(key)
}

function httpAddress(values: Values): HttpAddress | null {
  const place = 'VITRINE_HTTP_ADDRESS'
  const text = values(place)
  const found = text === null ? null : parseHttpAddress(text)
  if (text === null || found !== null) return found
  const remedy = 'write host:port, such as 127.0.0.1:9187'
  throw new VitrineError('SETTINGS_INVALID', {
    problems: [{ place, detail: 'it is not an address to listen at', remedy }],
  })
}

/** Problems of URLs that are valid alone, but contradict the publication or each other. */
function disagreements(settings: Settings, publication: Publication): Problem[] {
  const problems: Problem[] = []
  // sound because the keys of URLS are its names.
  for (const kind of Object.keys(URLS) as Connection[]) {
    const found = settings[kind]
    if (found === null) continue
    const expect = (what: string, is: string, expected: string, remedy: string) => {
      if (is !== expected) problems.push({ place: URLS[kind], detail: what, remedy })
    }
    const isSource = kind === 'source' || kind === 'sourceAdmin'
    const sources = schemasOf(publication.source)
    const named = sources.find((schema) => schema === found.schema) ?? publication.source.schema
    const schema = isSource ? named : publication.schema
    expect(
      `currentSchema is ${found.schema}, and the schema of the publication ${publication.name} is ${schema}`,
      found.schema ?? schema,
      schema,
      `write currentSchema=${schema}, or leave it out`,
    )
    if (kind === 'reader' || kind === 'seen') {
      expect(
        `it logs in as ${found.user}, and the reader of the publication is ${publication.reader}`,
        found.user,
        publication.reader,
        `write the role ${publication.reader} into the URL`,
      )
    }
    const side = isSource ? 'source' : 'target'
    const { database } = settings[side] ?? found
    expect(
      `it names the database ${found.database}, and ${URLS[side]} names ${database}`,
      found.database,
      database,
      'name the same database in both',
    )
  }
  return problems
}

/** Compares names. Whether different names mean the same database, the servers tell later. */
const sameDatabase = (a: Address | null, b: Address | null): boolean =>
  a !== null &&
  b !== null &&
  a.host.toLowerCase() === b.host.toLowerCase() &&
  a.port === b.port &&
  a.database === b.database

/** Unknown variables that can only be meant for this tool. Metabase's own have other names. */
function misspelt(environment: Environment): Problem[] {
  const known = Object.keys(VARIABLES)
  const names = Object.keys(environment).filter((name) => {
    if (name in VARIABLES) return false
    if (name.startsWith('VITRINE_') || name.startsWith('METABASE_DATABASE')) return true
    return name.startsWith('METABASE_') && known.some((candidate) => distance(name, candidate) <= 2)
  })
  return names.sort().map((name) => ({
    place: name,
    detail: 'this variable is not known',
    remedy: `did you mean ${closest(name, known)}?`,
  }))
}

const problemsOf = (error: VitrineError): readonly Problem[] =>
  error.problems.length > 0
    ? error.problems
    : [
        {
          place: error.place ?? 'environment',
          detail: [ERRORS[error.code].what, error.detail].filter(Boolean).join(' '),
          remedy: error.remedy,
        },
      ]
