/**
 * The statistics of a table quote values of its rows, and its readers may look at them: what leaves the rows must leave these
 * too. Asked before the changes are applied, while the old rows are there.
 */
import type { Session } from '../postgres/connect.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { sameKey } from './keys.ts'

/** Values that rows have now and will not have, by column; an element of a list is one of its own. */
function withdrawn(table: PublishedTable, kept: string, from: string, isChanged: boolean): string {
  const values = table.columns.map(({ name, type }) => {
    const [was, is] = [`k.${identifier(name)}`, `d.${identifier(name)}`]
    const differs = isChanged ? ` where ${was} is distinct from ${is}` : ''
    const value = type.array ? `unnest(${was})` : was
    return `select ${literal(name)} as name, cast(${value} as text) as value${differs}`
  })
  return `select v.name, v.value from ${kept} as k join ${from} as d on ${sameKey(table, 'k', 'd')} cross join lateral (${values.join(' union all ')}) as v`
}

/** Where more rows than changed have a frequent value, some are left that have it. */
const quoted = (schema: string, table: string, mostRows: string) => `
  select s.attname::text as name, q.value from pg_catalog.pg_stats as s cross join lateral (
    select unnest(s.histogram_bounds::text::text[]) union all select unnest(s.most_common_elems::text::text[])
    union all select m.value from unnest(s.most_common_vals::text::text[], s.most_common_freqs) as m (value, share)
      where m.share * ${mostRows} <= 1) as q (value)
  where s.schemaname = ${literal(schema)} and s.tablename = ${literal(table)}`

/** Whether the statistics of the kept table quote a value that may stand in no row any more. `gone` has keys alone. */
export async function quotesWithdrawn(
  session: Session,
  table: PublishedTable,
  schema: string,
  { changed, gone, rows }: { readonly changed: string | null; readonly gone: string | null; readonly rows: number },
  touched: number,
): Promise<boolean> {
  const kept = qualified(schema, table.name)
  const parts = [
    ...(changed === null ? [] : [withdrawn(table, kept, changed, true)]),
    ...(gone === null ? [] : [withdrawn(table, kept, gone, false)]),
  ]
  if (parts.length === 0) return false
  // Materialized: the view of the statistics is asked once, and not for each row.
  const [row] = await session.query<{ quotes: boolean }>(
    `with quoted as materialized (${quoted(schema, table.name, String(rows / (2 * touched)))}),
       withdrawn as materialized (${parts.join(' union all ')})
     select exists (select from withdrawn as w join quoted as q on w.name = q.name and w.value = q.value) as quotes`,
  )
  return row?.quotes === true
}
