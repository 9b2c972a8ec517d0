/**
 * What a run changed in a table, compared with the retired version: rows added, changed and removed, by primary
 * key; and figures that moved implausibly.
 */

import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { keyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { FigureWarning } from '../record/outcome.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { ScalarKind } from '../sql/sql-type.ts'
import { implausibleFigures, type Versions, watchedFigures } from './plausibility.ts'

export interface Difference {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

export interface Comparison {
  /** Null when the columns of the two versions are not the same, since every row would then count as changed. */
  readonly difference: Difference | null
  readonly warnings: readonly FigureWarning[]
}

/** Compares a table of two versions, which stand in two schemas. Columns that the older one lacks have no figures. */
export async function compareVersions(
  target: Session,
  table: PublishedTable,
  current: string,
  previous: string,
  limits: Limits,
): Promise<Comparison> {
  const versions: Versions = { now: qualified(current, table.name), before: qualified(previous, table.name) }
  const { same, shared } = await sharedColumns(target, versions)
  const key = same ? keyOf(table) : []
  const counts = key.length === 0 ? null : await countDifference(target, table, key, versions)
  const isSame = counts !== null && counts.added + counts.changed + counts.removed === 0
  const figures = isSame ? [] : watchedFigures(table, shared)
  return { difference: counts, warnings: await implausibleFigures(target, figures, versions, limits) }
}

/** Whether the two versions have the same columns, of the same types, and the names of those that both have. */
async function sharedColumns(
  target: Session,
  { now, before }: Versions,
): Promise<{ readonly same: boolean; readonly shared: ReadonlySet<string> }> {
  const columns = await target.query<{ name: string; versions: number; alike: boolean }>(
    `select a.attname as name, count(*)::integer as versions,
            count(distinct (a.atttypid, a.atttypmod)) = 1 as alike
     from pg_catalog.pg_attribute a
     where a.attrelid in (to_regclass($1), to_regclass($2)) and a.attnum > 0 and not a.attisdropped group by 1`,
    [now, before],
  )
  const shared = columns.filter(({ versions }) => versions === 2)
  return {
    same: columns.length > 0 && columns.every(({ versions, alike }) => versions === 2 && alike),
    shared: new Set(shared.map(({ name }) => name)),
  }
}

async function countDifference(
  target: Session,
  table: PublishedTable,
  key: readonly string[],
  { now, before }: Versions,
): Promise<Difference> {
  const k = identifier(key[0] ?? '')
  const paired = key.map((name) => `o.${identifier(name)} = n.${identifier(name)}`).join(' and ')
  const others = table.columns.filter(({ isPrimaryKey }) => !isPrimaryKey)
  // Compared column by column: building a record per row would cost more than the rest of the query.
  const changed = others.length === 0 ? 'false' : others.map(isChanged).join(' or ')
  // `offset 0` makes PostgreSQL compare the pairs inside the join: passing all columns on would take a tenth longer.
  const [found] = await target.query<Difference>(
    `select count(*) filter (where o is null)::float8 as added, count(*) filter (where n is null)::float8 as removed,
            count(*) filter (where differs)::float8 as changed
     from (select n.${k} as n, o.${k} as o, ${paired} and (${changed}) as differs
           from ${now} n full join ${before} o on ${paired} offset 0) as pairs`,
  )
  return found ?? { added: 0, changed: 0, removed: 0 }
}

/**
 * The same for a table read by its changes: only the rows in `changed` (as they are now) and the deleted ones can differ.
 * `rows` are all that there are now, `had` all that there were.
 */
export async function countChanged(
  target: Session,
  table: PublishedTable,
  changed: string | null,
  before: string,
  rows: number,
  had: number,
): Promise<Difference> {
  if (changed === null) return { added: 0, changed: 0, removed: had - rows }
  const key = keyOf(table)
  const paired = key.map((name) => `o.${identifier(name)} = n.${identifier(name)}`).join(' and ')
  const differs = table.columns.filter(({ isPrimaryKey }) => !isPrimaryKey).map(isChanged)
  const k = identifier(key[0] ?? '')
  const [found] = await target.query<{ added: number; changed: number }>(
    `select count(*) filter (where o.${k} is null)::float8 as added,
            count(*) filter (where o.${k} is not null and (${['false', ...differs].join(' or ')}))::float8 as changed
     from ${changed} n left join ${before} o on ${paired}`,
  )
  const { added, changed: other } = found ?? { added: 0, changed: 0 }
  return { added, changed: other, removed: had + added - rows }
}

/** Types whose equal values may have different bytes: 1.0 and 1.00, 0 and -0, a day and 24 hours. */
const LOOSE: ReadonlySet<ScalarKind> = new Set<ScalarKind>([
  ...(['numeric', 'real', 'double precision', 'jsonb', 'interval', 'numrange', 'nummultirange'] as const),
])

/** Condition in SQL: the column's value has other bytes in the two versions. `*<>` compares the stored image of records. */
function isChanged({ name, type }: PublishedColumn): string {
  const [n, o] = [`n.${identifier(name)}`, `o.${identifier(name)}`]
  return LOOSE.has(type.kind) ? `row(${n})::record *<> row(${o})::record` : `${n} is distinct from ${o}`
}
