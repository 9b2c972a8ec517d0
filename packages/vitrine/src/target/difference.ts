/** How many rows of a table a run added, changed and removed, by its primary key, from the retired version still at hand. */
import type { Session } from '../postgres/connect.ts'
import { identifier, primaryKeyOf, qualified } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'

export interface Difference {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/**
 * Compares two versions byte by byte (`*<>` compares the stored image, so 1.0 and 1.00 differ). Null when the columns of the
 * two versions are not the same, since every row would then count as changed.
 */
export async function differenceOf(
  target: Session,
  table: PublishedTable,
  current: string,
  previous: string,
): Promise<Difference | null> {
  const [same] = await target.query<{ same: boolean }>(
    `with columns as (
       select n.nspname, array_agg((a.attname, a.atttypid, a.atttypmod)::text order by a.attname) as list
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relname = $3 and n.nspname in ($1, $2) group by n.nspname
     )
     select count(*) = 2 and count(distinct list) = 1 as same from columns`,
    [current, previous, table.name],
  )
  const key = primaryKeyOf(table)
  if (same?.same !== true || key === null) return null
  // The cast makes one comparison of two records; without it PostgreSQL compares column by column, with operators of each type.
  const row = (alias: string) =>
    `row(${table.columns.map(({ name }) => `${alias}.${identifier(name)}`).join(', ')})::record`
  const k = identifier(key)
  const [found] = await target.query<Record<keyof Difference, string>>(
    `select count(*) filter (where o.${k} is null)::text as added, count(*) filter (where n.${k} is null)::text as removed,
            count(*) filter (where o.${k} is not null and n.${k} is not null and ${row('n')} *<> ${row('o')})::text as changed
     from ${qualified(current, table.name)} n full join ${qualified(previous, table.name)} o on o.${k} = n.${k}`,
  )
  return { added: Number(found?.added), changed: Number(found?.changed), removed: Number(found?.removed) }
}
