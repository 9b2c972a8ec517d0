/**
 * The statistics of a table quote values of its rows, and its readers may look at them: what leaves the rows must leave these
 * too. Asked before the changes are applied, while the old rows are there.
 */
import type { Session } from '../postgres/connect.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { sameKey } from './keys.ts'

/** Rows that stay, among which a value is looked for before it is taken to be gone: those of some hundred rows are found. */
const LOOKED_AT = 2_000

/** The values of a row `k`, by column, for which a condition holds; an element of a list is one of its own, beside the list. */
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

/** The columns whose statistics quote a value that may stand in no row of the kept table any more. `gone` has keys alone. */
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
  // Materialized: the view of the statistics is asked once, and not for each row.
  const found = await session.query<{ name: string }>(
    `with quoted as materialized (${quoted(schema, table.name)}), withdrawn as materialized (${withdrawn.join(' union all ')}),
       stake as materialized (select distinct w.name, w.value from withdrawn as w join quoted as q on w.name = q.name and w.value = q.value),
       seen as materialized (select v.name, v.value from (select * from ${kept} limit ${LOOKED_AT}) as k ${every} where ${stays})
     select distinct s.name from stake as s
     where not exists (select from seen as n where n.name = s.name and n.value = s.value) order by 1`,
  )
  return found.map(({ name }) => name)
}
