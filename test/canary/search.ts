/** Where canaries are found, and whether the dictionary says that they may be there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import type { Dictionary, DictionaryOrigin } from '../../packages/vitrine/src/dictionary/schema.ts'
import type { Canaries, Canary } from './canaries.ts'

export interface Sighting {
  readonly canary: Canary
  readonly what: 'table' | 'statistics' | 'file' | 'log' | 'output' | 'alarm'
  /** For a table and statistics `schema.table.column`. */
  readonly place: string
}

type What = Sighting['what']
const seen = (found: Iterable<Canary>, what: What, place: string): Sighting[] =>
  [...found].map((canary) => ({ canary, what, place }))

export const inTexts = (canaries: Canaries, what: What, texts: readonly (readonly [place: string, text: string])[]) =>
  texts.flatMap(([place, text]) => seen(canaries.inText(text), what, place))

const RELATIONS = `select n.nspname as schema, c.relname as "table", array_agg(a.attname::text order by a.attnum) as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'm', 'p', 'v') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
  group by 1, 2`
const STATISTICS = `select schemaname || '.' || tablename || '.' || attname as place,
    concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text) as text
  from pg_stats where schemaname not in ('pg_catalog', 'information_schema')`

/** Every table and view of the database, and what the server keeps about their values. */
export async function inDatabase(canaries: Canaries, client: Client): Promise<readonly Sighting[]> {
  const name = (text: string) => client.escapeIdentifier(text)
  const { rows } = await client.query<{ schema: string; table: string; columns: string[] }>(RELATIONS)
  const texts: [string, string][] = []
  for (const { schema, table, columns } of rows) {
    const values = columns.map((column, index) => `string_agg(distinct ${name(column)}::text, ' ') as c${index}`)
    const found = await client.query<Record<string, string | null>>(
      `select ${values.join(', ')} from ${name(schema)}.${name(table)}`,
    )
    columns.forEach((column, index) => {
      texts.push([`${schema}.${table}.${column}`, found.rows[0]?.[`c${index}`] ?? ''])
    })
  }
  const statistics = await client.query<{ place: string; text: string }>(STATISTICS)
  return [
    ...inTexts(canaries, 'table', texts),
    ...inTexts(
      canaries,
      'statistics',
      statistics.rows.map(({ place, text }) => [place, text]),
    ),
  ]
}

/** Every file of a server, its write-ahead log included, but for other databases; its own log as text. */
export function inFiles(canaries: Canaries, directory: string, database: string): readonly Sighting[] {
  const base = join(directory, 'base')
  return readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const folder = entry.parentPath
    if (!entry.isFile() || (folder.startsWith(base) && folder !== join(base, database))) return []
    const bytes = readFileSync(join(folder, entry.name))
    if (entry.name === 'server.log') return inTexts(canaries, 'log', [[entry.name, bytes.toString('latin1')]])
    return seen(canaries.inBytes(bytes), 'file', join(folder.slice(directory.length), entry.name))
  })
}

export interface Expectation {
  readonly dictionary: Dictionary
  /** By source column: the published columns in which its values may stand, and whether only where a mask shows them. */
  readonly allowed: ReadonlyMap<string, ReadonlyMap<string, 'shown' | 'masked'>>
  readonly histories: ReadonlySet<string>
}

/** What lets the value itself through; any other treatment does not. */
const PASSES = ['because', 'masked']

export function expectationOf(dictionary: Dictionary): Expectation {
  const allowed = new Map<string, Map<string, 'shown' | 'masked'>>()
  const allow = (source: string, published: string, how: 'shown' | 'masked') => {
    const columns = allowed.get(source) ?? new Map()
    if (columns.get(published) !== 'shown') columns.set(published, how)
    allowed.set(source, columns)
  }
  const passes = ({ treatments }: DictionaryOrigin) => treatments.every(({ name }) => PASSES.includes(name))
  for (const { name: table, columns } of dictionary.tables) {
    for (const column of columns) {
      for (const origin of column.origins.filter(passes)) {
        const how = origin.treatments.some(({ name }) => name === 'masked') ? 'masked' : 'shown'
        const place = `${origin.table}.${origin.column}`
        if (!origin.published) allow(place, `${table}.${column.name}`, how)
        // A figure of a history may show whatever its published column shows.
        else
          for (const [source, its] of allowed) {
            const theirs = its.get(place)
            if (theirs !== undefined) allow(source, `${table}.${column.name}`, theirs)
          }
      }
    }
  }
  const histories = new Set(dictionary.tables.flatMap(({ name, history }) => (history ? [name] : [])))
  return { dictionary, allowed, histories }
}

/** The published columns in which a canary may stand. */
export function placesOf({ columns, hidden }: Canary, { allowed }: Expectation): ReadonlySet<string> {
  const places = [...columns].flatMap((column) => [...(allowed.get(column) ?? [])])
  return new Set(places.flatMap(([place, how]) => (how === 'masked' && hidden ? [] : [place])))
}

/** The sightings that no lineage explains, in words. */
export function leaksIn(sightings: readonly Sighting[], expectation: Expectation): readonly string[] {
  const { dictionary, histories } = expectation
  const isAllowed = ({ canary, what, place }: Sighting): boolean => {
    const places = placesOf(canary, expectation)
    const figures = new Set([...places].map((each) => each.split('.')[0] ?? '').filter((name) => histories.has(name)))
    if (what === 'file') return places.size > 0
    if (what === 'output') return [...figures].some((name) => place === `history export ${name}`)
    if (what !== 'table' && what !== 'statistics') return false
    const [schema = '', table = '', column = ''] = place.split('.')
    const ours = [dictionary.schema, `${dictionary.schema}_previous`]
    return ours.includes(schema)
      ? places.has(`${table}.${column}`)
      : place.startsWith('vitrine.ledger.') && figures.size > 0
  }
  const leaks = sightings.filter((sighting) => !isAllowed(sighting))
  return [...new Set(leaks.map(({ canary, what, place }) => `${[...canary.columns].join(' = ')} in ${what} ${place}`))]
}
