/**
 * A trace: counts where a value, or its pseudonym, still is in the target. Every cell is compared in this process, so that no
 * server receives the value and none can log it. Called by `trace` and `erase`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import {
  type Cells,
  cellsSelect,
  type Quoted,
  rowsOf,
  type StoredTable,
  statisticsSelect,
  storedIn,
} from '../catalogue/cells.ts'
import type { Target } from '../catalogue/target.ts'
import { pseudonymsOf } from '../copy/pseudonym.ts'
import {
  BOOKKEEPING_SCHEMA,
  type Publication,
  publishedRelations,
  retiredSchema,
  stagingSchema,
} from '../publication/publication.ts'
import { primaryKeyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { ledgerCells, ledgerExists, type RecordedFigure } from '../record/ledger.ts'
import { findWorkSchemas } from '../version/staging.ts'

/** Where a value may stand. `left`: in a version that could not be removed yet. */
export type TracePlace = 'published' | 'kept' | 'staging' | 'left' | 'history' | 'statistics'

export interface TraceHit {
  readonly place: TracePlace
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly count: number
}

export interface Trace {
  readonly table: string
  readonly column: string
  readonly hits: readonly TraceHit[]
  /** Tables that the writer may not read, by schema and name: nothing is proved about them. */
  readonly unread: readonly string[]
  /** The columns whose values Metabase may have cached. */
  readonly metabase: readonly string[]
  /** Recorded days whose figures hold the value, by history table. */
  readonly days: ReadonlyMap<string, ReadonlySet<string>>
}

export interface TracedValue {
  readonly table: string
  /** Null for the primary key. */
  readonly column: string | null
  /** Never printed. */
  readonly value: Secret
}

/** A column as `table.column`, in any version. */
const named = (table: string, column: string): string => `${table}.${column}`

interface Search {
  readonly table: string
  readonly column: string
  /** The column itself and those that refer to the same key. */
  readonly keys: ReadonlySet<string>
  readonly matches: (cell: string | null | undefined, isKey: boolean, isTextual: boolean) => boolean
}

/** What to search, and in which columns. Throws TABLE_UNKNOWN, USAGE and PSEUDONYM_KEY_MISSING, which quote no argument. */
export function searchOf(publication: Publication, wanted: TracedValue, key: Secret | null): Search {
  const relations = publishedRelations(publication)
  const table = relations.find(({ name }) => name === wanted.table)
  if (table === undefined) {
    const detail = `The published tables are ${relations.map(({ name }) => name).join(', ')}.`
    throw new VitrineError('TABLE_UNKNOWN', { place: 'the first argument', detail })
  }
  const name = wanted.column ?? primaryKeyOf(table)
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) {
    const detail = `The columns of ${table.name} are ${table.columns.map((each) => each.name).join(', ')}. The value is read from standard input.`
    throw new VitrineError('USAGE', { place: 'the second argument', detail })
  }
  // For a column that refers to a key, search that key and all columns that refer to it.
  const keyOf = ({ reference, name: own }: PublishedColumn, relation: PublishedTable): string => {
    const target = relations.find((candidate) => candidate.name === reference?.().name)
    return target === undefined ? named(relation.name, own) : named(target.name, primaryKeyOf(target) ?? '')
  }
  const root = keyOf(column, table)
  const keys = relations.flatMap((relation) =>
    relation.columns.filter((each) => keyOf(each, relation) === root).map((each) => named(relation.name, each.name)),
  )
  const text = wanted.value.reveal()
  const { computation } = column.value.kind === 'computed' ? column.value.computed : { computation: null }
  const isPseudonym = computation?.kind === 'pseudonym'
  if (isPseudonym && key === null) throw new VitrineError('PSEUDONYM_KEY_MISSING')
  // sound because a missing key has just been refused.
  const pseudonyms = isPseudonym ? pseudonymsOf(text, computation.domain, key as Secret) : []
  return { table: table.name, column: column.name, keys: new Set(keys), matches: matcher([text, ...pseudonyms]) }
}

/** False for short numbers, which occur everywhere: they are searched only in their own column and those that refer to it. */
const isDistinct = (text: string): boolean => text.length >= 6 || (text.length >= 3 && /\D/.test(text))

const normal = (text: string): string => text.normalize().toLowerCase()

function matcher(forms: readonly string[]): Search['matches'] {
  const exact = new Set(forms.map(normal))
  // Inside a JSON document or a list, quotes and backslashes are escaped.
  const words = [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))].filter(isDistinct)
  const escaped = words.map((word) =>
    normal(word).replaceAll(/[^\p{L}\p{N}\p{M}]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`),
  )
  const within = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'u')
  return (cell, isKey, isTextual) => {
    if (cell === null || cell === undefined) return false
    const text = normal(cell)
    return (isKey && exact.has(text)) || (isTextual && words.length > 0 && within.test(text))
  }
}

/** Throws what `searchOf` throws. The caller holds the run lock, so that no version comes or goes meanwhile. */
export async function traceIn(target: Target, wanted: TracedValue, key: Secret | null): Promise<Trace> {
  const { session, publication } = target
  const search = searchOf(publication, wanted, key)
  const places = new Map<string, TracePlace>((await findWorkSchemas(target)).map(({ name }) => [name, 'left']))
  places.set(publication.schema, 'published')
  for (const [schema, place] of [
    [retiredSchema(publication), 'kept'],
    [stagingSchema(publication), 'staging'],
  ] as const) {
    if (places.has(schema)) places.set(schema, place)
  }
  const tables = await storedIn(session, [...places.keys()])
  const hits = new Map<string, TraceHit>()
  const count: Count = (place, schema, table, column) => {
    const id = [place, schema, table, column].join('\0')
    hits.set(id, { place, schema, table, column, count: (hits.get(id)?.count ?? 0) + 1 })
  }
  for (const table of tables.filter(({ readable }) => readable)) {
    await searchTable(target, table, search, (column) =>
      // sound because the tables are those of these schemas.
      count(places.get(table.schema) as TracePlace, table.schema, table.name, column),
    )
  }
  await searchStatistics(target, [...places.keys()], tables, search, count)
  const days = await searchLedger(target, search, count)
  const unread = tables.filter(({ readable }) => !readable).map(({ schema, name }) => named(schema, name))
  const found = [...hits.values()]
  const published = new Set(
    found.filter(({ place }) => place !== 'statistics').map(({ table, column }) => named(table, column)),
  )
  const metabase = [...new Set([...search.keys, ...published])].toSorted()
  return { table: search.table, column: search.column, hits: found, unread, metabase, days }
}

async function searchTable(
  { session }: Target,
  table: StoredTable,
  { keys, matches }: Search,
  hit: (column: string) => void,
) {
  for await (const rows of rowsOf<Cells>(session, cellsSelect(table))) {
    table.columns.forEach(({ name, isTextual }, at) => {
      const isKey = keys.has(named(table.name, name))
      if (!isKey && !isTextual) return
      for (const row of rows) if (matches(row[`c${at}`], isKey, isTextual)) hit(name)
    })
  }
}

type Count = (place: TracePlace, schema: string, table: string, column: string) => void

async function searchStatistics(
  { session }: Target,
  schemas: readonly string[],
  tables: readonly StoredTable[],
  { keys, matches }: Search,
  count: Count,
): Promise<void> {
  const plain = new Set(
    tables.flatMap(({ schema, name, columns }) =>
      columns.filter(({ isTextual }) => !isTextual).map((column) => named(named(schema, name), column.name)),
    ),
  )
  for await (const rows of rowsOf<Quoted>(session, statisticsSelect([...schemas, BOOKKEEPING_SCHEMA]))) {
    for (const { schema, table, column, value } of rows) {
      const isTextual = !plain.has(named(named(schema, table), column))
      if (matches(value, keys.has(named(table, column)), isTextual)) count('statistics', schema, table, column)
    }
  }
}

async function searchLedger(target: Target, { keys, matches }: Search, count: Count): Promise<Trace['days']> {
  const days = new Map<string, Set<string>>()
  if (!(await ledgerExists(target.session))) return days
  for await (const rows of rowsOf<RecordedFigure>(target.session, ledgerCells(target.publication.schema))) {
    for (const { table, column, day, value } of rows) {
      if (!matches(value, keys.has(named(table, column)), true)) continue
      count('history', BOOKKEEPING_SCHEMA, table, column)
      days.set(table, (days.get(table) ?? new Set()).add(day))
    }
  }
  return days
}
