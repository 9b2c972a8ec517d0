/** How big the source tables are, roughly and for free. */
import type { AliasNode, TableNode } from 'kysely'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import type { PublishedTable } from '../publication/table.ts'

/** The source table that a published table starts from; null when it starts from a subquery. */
function firstTable(table: PublishedTable): string | null {
  const first = table.query.from?.froms[0]
  const node = first?.kind === 'AliasNode' ? (first as AliasNode).node : first // sound because its kind was just compared.
  return node?.kind === 'TableNode' ? (node as TableNode).table.identifier.name : null // sound for the same reason.
}

/** Rows of each published table's first source table, by the planner's statistics; 0 where there are none. */
export async function estimatedRows(source: Session, publication: Publication): Promise<ReadonlyMap<string, number>> {
  const rows = await source.query<{ name: string; rows: number }>(
    `select c.relname as name, greatest(c.reltuples, 0)::float8 as rows
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1`,
    [publication.source.schema],
  )
  const sizes = new Map(rows.map(({ name, rows: count }) => [name, count]))
  return new Map(publication.tables.map((table) => [table.name, sizes.get(firstTable(table) ?? '') ?? 0]))
}
