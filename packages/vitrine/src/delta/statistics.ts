/**
 * PostgreSQL's statistics contain values of a table's rows, and readers may see them (`pg_stats`): values that leave the table must
 * leave its statistics too. Runs before the changes are applied, while the old rows exist.
 */
import type { Session } from '../postgres/connect.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { sameKey } from './keys.ts'

/** Unchanged rows to search for a value before it counts as removed: enough to find common values, and cheap. */
const LOOKED_AT = 2_000

/** SQL for the values of a row `k`, per column, for which a condition holds. Arrays give their elements too. */
function valuesOf({ columns }: PublishedTable, condition: (column: string) => string): string {
  const values = columns.flatMap(({ name, type }) => {
    const column = `k.${identifier(name)}`
    const all = type.array ? [column, `unnest(${column})`] : [column]
    const where = condition(identifier(name))
    return all.map((value) => `select ${literal(name)} as name, cast(${value} as text) as value${where}`)
  })
  return `cross join lateral (${values.join(' union all ')}) as v`
}

const quoted = (schema: string, table: string) => `
  select s.attname::text as name, q.value from pg_catalog.pg_stats as s cross join lateral (
    select unnest(s.histogram_bounds::text::text[]) union all select unnest(s.most_common_elems::text::text[])
    union all select unnest(s.most_common_vals::text::text[])) as q (value)
  where s.schemaname = ${literal(schema)} and s.tablename = ${literal(table)}`

/** The columns whose statistics contain a value that perhaps no row of the kept table will have any more. `gone` has only keys. */
export async function quotingWithdrawn(
  session: Session,
  table: PublishedTable,
  schema: string,
  { changed, gone }: { readonly changed: string | null; readonly gone: string | null },
): Promise<readonly string[]> {
  const kept = qualified(schema, table.name)
  const same = sameKey(table, 'k', 'd')
  const differing = valuesOf(table, (column) => ` where k.${column} is distinct from d.${column}`)
  const every = valuesOf(table, () => '')
  const leaving = [
    ...(changed === null ? [] : [{ place: changed, values: differing }]),
    ...(gone === null ? [] : [{ place: gone, values: every }]),
  ]
  if (leaving.length === 0) return []
  const withdrawn = leaving.map(
    ({ place, values }) => `select v.name, v.value from ${kept} as k join ${place} as d on ${same} ${values}`,
  )
  const stays = leaving.map(({ place }) => `not exists (select from ${place} as d where ${same})`).join(' and ')
  // Materialized, so that the slow view `pg_stats` is read once and not per row.
  const found = await session.query<{ name: string }>(
    `with quoted as materialized (${quoted(schema, table.name)}), withdrawn as materialized (${withdrawn.join(' union all ')}),
       stake as materialized (select distinct w.name, w.value from withdrawn as w join quoted as q on w.name = q.name and w.value = q.value),
       seen as materialized (select v.name, v.value from (select * from ${kept} limit ${LOOKED_AT}) as k ${every} where ${stays})
     select distinct s.name from stake as s
     where not exists (select from seen as n where n.name = s.name and n.value = s.value) order by 1`,
  )
  return found.map(({ name }) => name)
}
