/**
 * Large tables are read by ranges of their blocks: a range is what the limits of a statement bound, and a session with nothing
 * left to read of its own takes ranges of others (decision 0024). Called by `sync.ts` and `round.ts`.
 */
import { loadParser } from '../lineage/parse.ts'
import { type Root, rootsOf } from '../lineage/ranges.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { nameSql, placeOf } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { qualified } from '../sql/quote.ts'

export interface RangePlan {
  /** Of the relation whose ranges divide the table's rows. */
  readonly alias: string
  /** Its name in the register. */
  readonly relation: string
  /** Where the second range begins, and each after it. */
  readonly firstBlocks: readonly number[]
}

/** By the name of the published table; those that one statement reads are not there. */
export type RangePlans = ReadonlyMap<string, RangePlan>

interface Size {
  readonly name: string
  /** Null where nobody knows what it reads: a view, a foreign table. */
  readonly bytes: number | null
  /** Of the longest of its partitions; their blocks are counted from 0 each. */
  readonly blocks: number
  /** Its rows have a place, and the role may ask for it. */
  readonly hasPlaces: boolean | null
}

/** With what is stored out of line (TOAST), and with partitions. No right on the rows is needed for that; ctid is column -1. */
const sizesOf = (source: Session, schema: string, names: readonly string[]): Promise<Size[]> =>
  source.query<Size>(
    `with recursive named as (
       select ${nameSql('$1')} as name, c.oid as root, c.oid
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${nameSql('$1')} = any ($2)
       union all select p.name, p.root, i.inhrelid from named p join pg_catalog.pg_inherits i on i.inhparent = p.oid
     )
     select p.name, case when bool_and(c.relkind in ('r', 'p', 'm')) then sum(pg_catalog.pg_table_size(c.oid)) end::float8 as bytes,
            (max(pg_catalog.pg_relation_size(c.oid)) / pg_catalog.current_setting('block_size')::bigint)::float8 as blocks,
            bool_and(c.relkind = 'p' or c.relkind in ('r', 'm') and m.amname = 'heap')
              and has_column_privilege(p.root, (-1)::smallint, 'select') as "hasPlaces"
     from named p join pg_catalog.pg_class c on c.oid = p.oid left join pg_catalog.pg_am m on m.oid = c.relam
     group by p.name, p.root`,
    [schema, names],
  )

/** The tables that are worth several ranges, and may be read so. */
export async function planRanges(
  source: Session,
  { source: register, limits }: Publication,
  tables: readonly PublishedTable[],
): Promise<RangePlans> {
  const plans = new Map<string, RangePlan>()
  const rangeBytes = limits.rangeMegabytes * 1024 * 1024
  if (rangeBytes === 0) return plans
  const parser = await loadParser()
  const roots = tables.map((table) => [table.name, rootsOf(parser, projectionOf(table), register)] as const)
  const names = new Set(roots.flatMap(([, found]) => found.flatMap(({ table, besides }) => [table, ...besides])))
  const sizes = names.size === 0 ? [] : await sizesOf(source, register.schema, [...names])
  for (const [name, found] of roots) {
    const [best] = found
      .map((root) => planFor(root, sizes, rangeBytes))
      .sort((a, b) => b.firstBlocks.length - a.firstBlocks.length)
    if (best !== undefined && best.firstBlocks.length > 0) plans.set(name, best)
  }
  return plans
}

/** Ranges of at least so many bytes, and of no fewer than each would read besides. */
function planFor({ alias, table, besides }: Root, sizes: readonly Size[], rangeBytes: number): RangePlan {
  const sizeOf = (name: string) => sizes.find((size) => size.name === name)
  const { bytes = null, blocks = 0, hasPlaces = false } = sizeOf(table) ?? {}
  const others = besides.reduce((sum, name) => sum + (sizeOf(name)?.bytes ?? Number.POSITIVE_INFINITY), 0)
  const fitting = hasPlaces === true ? Math.floor((bytes ?? 0) / Math.max(rangeBytes, others)) : 0
  const ranges = Math.min(fitting, blocks)
  const firstBlocks = Array.from({ length: Math.max(0, ranges - 1) }, (_, index) =>
    Math.floor(((index + 1) * blocks) / ranges),
  )
  return { alias, relation: table, firstBlocks }
}

/** How many sessions could read these tables at once. */
export const readersOf = (tables: readonly PublishedTable[], plans: RangePlans): number =>
  tables.reduce((sum, { name }) => sum + 1 + (plans.get(name)?.firstBlocks.length ?? 0), 0)

/**
 * Holds the relations of the plans in the session's transaction: one that was rewritten between two ranges (VACUUM FULL,
 * CLUSTER) would have its rows in other places, and some of them would be read twice or not at all.
 */
export async function holdPlaces(source: Session, register: Publication['source'], plans: RangePlans): Promise<void> {
  const relations = new Set([...plans.values()].map(({ relation }) => relation))
  for (const relation of relations)
    await source.execute(`select r.ctid from ${qualified(...placeOf(register, relation))} as r limit 0`)
}
