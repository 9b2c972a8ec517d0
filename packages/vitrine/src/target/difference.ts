/**
 * What a run changed in a table, from the retired version still at hand: rows added, changed and removed, by its primary
 * key, and figures that moved implausibly. One scan of the two versions counts all of it.
 */
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { identifier, primaryKeyOf, qualified } from '../publication/shape.ts'
import type { ScalarKind } from '../publication/sql-type.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { type FigureWarning, implausibleFigures, watchedFigures } from './plausibility.ts'

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
  const { same, shared } = await sharedColumns(target, table.name, current, previous)
  const key = same ? primaryKeyOf(table) : null
  const figures = watchedFigures(table, shared, key)
  if (key === null && figures.length === 0) return { difference: null, warnings: [] }
  const shares = (version: 'n' | 'o') =>
    figures.flatMap(({ groups }) => groups.map(({ conditionIn }) => `count(*) filter (where ${conditionIn(version)})`))
  const [n, o] = [`${qualified(current, table.name)} n`, `${qualified(previous, table.name)} o`]
  const counts = key === null ? [] : differenceCounts(table, key)
  // Without a key that joins them, each version is counted by itself.
  const [found] = await target.query<Counts>(
    key === null
      ? `select array[]::float8[] as difference, (select ${counted(shares('n'))} from ${n}) as now,
                (select ${counted(shares('o'))} from ${o}) as before`
      : `select ${counted(counts)} as difference, ${counted(shares('n'))} as now, ${counted(shares('o'))} as before
         from ${n} full join ${o} on o.${identifier(key)} = n.${identifier(key)}`,
  )
  const [added, removed, changed] = found?.difference ?? []
  return {
    difference: key === null ? null : { added: added ?? 0, changed: changed ?? 0, removed: removed ?? 0 },
    warnings: implausibleFigures(figures, found?.before ?? [], found?.now ?? [], limits),
  }
}

interface Counts {
  readonly difference: readonly number[]
  readonly now: readonly number[]
  readonly before: readonly number[]
}

const counted = (counts: readonly string[]): string => `array[${counts.join(', ')}]::float8[]`

/** Whether the two versions have the same columns, of the same types, and the names of those that both have. */
async function sharedColumns(
  target: Session,
  table: string,
  current: string,
  previous: string,
): Promise<{ readonly same: boolean; readonly shared: ReadonlySet<string> }> {
  const columns = await target.query<{ name: string; versions: number; alike: boolean }>(
    `select a.attname as name, count(*)::integer as versions,
            count(distinct (a.atttypid, a.atttypmod)) = 1 as alike
     from pg_catalog.pg_attribute a
     where a.attrelid in (to_regclass($1), to_regclass($2)) and a.attnum > 0 and not a.attisdropped group by 1`,
    [qualified(current, table), qualified(previous, table)],
  )
  const shared = columns.filter(({ versions }) => versions === 2)
  return {
    same: columns.length > 0 && columns.every(({ versions, alike }) => versions === 2 && alike),
    shared: new Set(shared.map(({ name }) => name)),
  }
}

/** Kinds whose equal values may be written in different bytes: 1.0 and 1.00, 0 and -0. */
const LOOSE: ReadonlySet<ScalarKind> = new Set<ScalarKind>(['numeric', 'real', 'double precision', 'jsonb'])

/** In SQL: a column's value is not in the same bytes in both versions. Records compare by their stored image (`*<>`). */
function changedIn({ name, type }: PublishedColumn): string {
  const [n, o] = [`n.${identifier(name)}`, `o.${identifier(name)}`]
  return LOOSE.has(type.kind) ? `row(${n})::record *<> row(${o})::record` : `${n} is distinct from ${o}`
}

/** Added, removed, changed. Column by column: making a record of each row would take longer than all else. */
function differenceCounts(table: PublishedTable, key: string): readonly string[] {
  const k = identifier(key)
  const others = table.columns.filter(({ name }) => name !== key)
  const changed = others.length === 0 ? 'false' : others.map(changedIn).join(' or ')
  return [
    `count(*) filter (where o.${k} is null)`,
    `count(*) filter (where n.${k} is null)`,
    `count(*) filter (where o.${k} = n.${k} and (${changed}))`,
  ]
}
