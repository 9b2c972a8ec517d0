/**
 * What `init` must know, from flags, the environment, or a person. Without a terminal it does not ask: everything
 * missing is named at once, before any connection.
 */
import { resolve } from 'node:path'
import { type Problem, VitrineError } from '../base/errors.ts'
import { megabytes } from '../base/format.ts'
import { CI_SYSTEMS, type CiSystem } from '../onboarding/project.ts'
import type { ListedTable } from '../onboarding/survey.ts'
import { type Address, parseAddress } from '../postgres/address.ts'
import type { Call } from './command.ts'
import { textTable } from './text-table.ts'

export const INIT_OPTIONS = {
  '--source <url>': 'the operational database (default: DATABASE_URL)',
  '--target <url>':
    'the database that readers will read, or `embedded` for a PostgreSQL server of this folder (default: METABASE_DATABASE_URL)',
  '--reader <url>':
    'the same with the reader role, where the target’s role may not create roles (default: METABASE_READER_URL)',
  '--tables <names>': 'the tables to register, apart by commas, with * for any letters; or `all`',
  '--schema <names>':
    'their schema on the source, or several with commas between them (default: that of the URL, or the one with tables)',
  '--name <name>': 'of the publication, and of its schema on the target (default: that of the source’s database)',
  '--zone <zone>': 'whose midnight starts a run, as an IANA name (default: that of this machine)',
  '--ci <system>': `the system for which a job is written: ${CI_SYSTEMS.join(', ')} (default: github)`,
  '--folder <path>': 'where to write (default: this folder)',
  '--yes': 'take the default answer to each question that no flag answers: all tables, the embedded target',
  '--only-files': 'write and check, and publish nothing',
} as const

export interface InitAnswers {
  readonly source: Address
  /** Null for the embedded one. */
  readonly target: Address | null
  readonly reader: Address | null
  /** Null where a person is to choose. */
  readonly tables: string | null
  readonly name: string
  readonly zone: string
  readonly ci: CiSystem
  readonly folder: string
  readonly publishes: boolean
}

/** Throws USAGE with everything that is missing or wrong. */
export async function answersOf(call: Call): Promise<InitAnswers> {
  const { io } = call
  const given = (name: string, variable: string) => call.text(name) ?? (io.environment[variable]?.trim() || null)
  const problems: Problem[] = []
  const missing = (place: string, detail: string, remedy: string) => void problems.push({ place, detail, remedy })
  const publishes = !call.flag('onlyFiles')
  const mayAsk = io.ask !== null && !call.flag('yes')
  let source = given('source', 'DATABASE_URL')
  if (source === null && io.ask !== null) source = await question(call, 'URL of the operational database: ')
  if (source === null) missing('--source', 'no source is named', 'give it, or set DATABASE_URL')
  let target = given('target', 'METABASE_DATABASE_URL') ?? (call.flag('yes') || !publishes ? 'embedded' : null)
  if (target === null && mayAsk) {
    target = (await question(call, 'URL of the target (Enter: an embedded PostgreSQL in this folder): ')) ?? 'embedded'
  }
  if (target === null) missing('--target', 'no target is named', 'give its URL, or `--target embedded`')
  const tables = call.text('tables') ?? (call.flag('yes') ? 'all' : null)
  if (tables === null && !mayAsk)
    missing('--tables', 'no table is named', 'give names apart by commas, or `--tables all`')
  const ci = CI_SYSTEMS.find((system) => system === (call.text('ci') ?? 'github'))
  if (ci === undefined) missing('--ci', 'it is not known', `one of ${CI_SYSTEMS.join(', ')}`)
  const zone = call.text('zone') ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const name = call.text('name')
  if (name !== null && name !== nameFrom(name)) {
    missing(
      '--name',
      'it is not a plain name of a schema',
      'lower-case letters, digits and _, not of PostgreSQL or Vitrine',
    )
  }
  if (source === null || target === null || ci === undefined || problems.length > 0)
    throw new VitrineError('USAGE', { problems })
  const reader = given('reader', 'METABASE_READER_URL')
  const address = parseAddress(source, call.text('source') === null ? 'DATABASE_URL' : '--source')
  return {
    source: address,
    target: target === 'embedded' ? null : parseAddress(target, '--target'),
    reader: reader === null ? null : parseAddress(reader, '--reader'),
    tables,
    name: name ?? nameFrom(address.database),
    zone,
    ci,
    folder: resolve(io.folder, call.text('folder') ?? '.'),
    publishes,
  }
}

async function question({ io, signal }: Call, text: string): Promise<string | null> {
  return (await io.ask?.(text, signal))?.trim() || null
}

/** A schema name without quotes, not reserved, and short enough for `_previous`. */
export function nameFrom(text: string): string {
  const plain =
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9_]+/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, 40) || 'published'
  return /^(?:public|vitrine|information_schema|pg_.*)$/.test(plain) ? `${plain.replace(/^pg_/, '')}_published` : plain
}

/** Tables of migration tools: they say nothing about the application. */
const FRAMEWORK =
  /^(?:schema_migrations|ar_internal_metadata|django_(?:migrations|content_type|admin_log|session)|_prisma_migrations|flyway_schema_history|databasechangelog(?:lock)?|knex_migrations(?:_lock)?|__drizzle_migrations|alembic_version|goose_db_version|_?sqlx_migrations|typeorm_metadata)$/i

const SHOWN = 30
/** More tables than these are registered only when somebody asks for them. */
const MOST_UNASKED = 200

export interface ChosenTables {
  readonly chosen: readonly ListedTable[]
  /** What is not registered, in words. */
  readonly notes: readonly string[]
}

/** Throws USAGE, or NOTHING_TO_REGISTER. */
export async function chooseTables(
  call: Call,
  { source, tables }: InitAnswers,
  all: readonly ListedTable[],
): Promise<ChosenTables> {
  const schemas = call.text('schema')?.split(',') ?? [schemaOf(source.schema, all)]
  const inSchema = all.filter((table) => schemas.includes(table.schema))
  const empty = schemas.find((schema) => !inSchema.some((table) => table.schema === schema))
  if (empty !== undefined) throw new VitrineError('NOTHING_TO_REGISTER', { place: `schema ${empty}` })
  call.say(`${listText(inSchema)}`)
  const others = [...new Set(all.map((table) => table.schema))].filter((each) => !schemas.includes(each))
  const notes = others.length === 0 ? [] : [`other schemas, which --schema adds: ${others.join(', ')}`]
  const few = inSchema.length <= MOST_UNASKED
  const hint = few
    ? 'Tables to register (names apart by commas, * for any letters; Enter: all): '
    : 'Tables to register (names apart by commas, * for any letters, or all): '
  const wish = tables ?? (await question(call, hint)) ?? (few ? 'all' : '')
  if (wish === 'all') {
    const chosen = inSchema.filter(({ name }) => !FRAMEWORK.test(name))
    const left = inSchema.filter(({ name }) => FRAMEWORK.test(name)).map(({ name }) => name)
    return {
      chosen,
      notes: left.length === 0 ? notes : [...notes, `tables of migration tools: ${left.join(', ')}`],
    }
  }
  return { chosen: namedTables(inSchema, wish.split(',')), notes }
}

/** `names` may hold asterisks, which stand for no dot. Throws USAGE with each that matches nothing. */
export function namedTables(
  tables: readonly ListedTable[],
  names: readonly string[],
  nameOf: (table: ListedTable) => string = ({ name }) => name,
): readonly ListedTable[] {
  const wishes = names.map((name) => name.trim()).filter((name) => name !== '')
  const matches = (wish: string) => {
    const expression = new RegExp(`^${wish.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]*')}$`)
    return tables.filter((table) => expression.test(nameOf(table)))
  }
  const unknown = wishes.filter((wish) => matches(wish).length === 0)
  const problems = unknown.map((place) => ({ place, detail: 'the source has no such table' }))
  if (problems.length > 0 || wishes.length === 0) throw new VitrineError('USAGE', { place: '--tables', problems })
  const chosen = new Set(wishes.flatMap(matches))
  return tables.filter((table) => chosen.has(table))
}

/** The given schema; otherwise `public` if it has tables, or the schema with most tables. */
function schemaOf(given: string | null, tables: readonly ListedTable[]): string {
  if (given !== null) return given
  const sizes = new Map<string, number>()
  for (const { schema } of tables) sizes.set(schema, (sizes.get(schema) ?? 0) + 1)
  const [largest] = [...sizes].toSorted(([, a], [, b]) => b - a)
  return sizes.has('public') ? 'public' : (largest?.[0] ?? 'public')
}

function listText(tables: readonly ListedTable[]): string {
  const rows = tables
    .slice(0, SHOWN)
    .map(({ name, rows: count, bytes, isReadable }) => [
      name,
      count === null ? '?' : `≈ ${count}`,
      bytes < 50_000 ? '< 0.1 MB' : megabytes(bytes),
      isReadable ? '' : 'may not be read',
    ])
  const more = tables.length - rows.length
  const listed = `${textTable(['table', { right: 'rows' }, { right: 'size' }, ''], rows)}${more > 0 ? `and ${more} more\n` : ''}`
  return tables.some(({ rows: count }) => count === null) ? `${listed}?: not counted yet by the source\n` : listed
}
