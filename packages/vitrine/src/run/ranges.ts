/**
 * Reads large tables by ranges of their blocks: the time limit of statements then bounds one range, and an idle stream
 * helps with the ranges of others (decision 0024). Called by `sync.ts` and `round.ts`.
 */
import { loadParser } from '../lineage/parse.ts'
import { type Root, rootsOf } from '../lineage/range-proof.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { nameSql, placeOf } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { qualified } from '../sql/quote.ts'

export interface RangePlan {
  /** Alias of the relation that is read by ranges. */
  readonly alias: string
  /** Its name in the register. */
  readonly relation: string
  /** The first blocks of the second and later ranges. */
  readonly firstBlocks: readonly number[]
}

/** By name of the published table; without those that one statement reads. */
export type RangePlans = ReadonlyMap<string, RangePlan>

interface Size {
  readonly name: string
  /** Null for a view or a foreign table, whose size is not known. */
  readonly bytes: number | null
  /** Blocks of the longest partition: each partition counts its blocks from 0. */
  readonly blocks: number
  /** Whether its rows have a ctid that the role may read. */
  readonly hasPlaces: boolean | null
}

/** Sizes with TOAST and partitions. This needs no right on the rows. In the catalogue, ctid is column -1. */
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

/** Plans for the tables that are large enough and may be read by ranges. */
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

/** Each range has at least the minimal size, and at least the size of the tables that it reads as a whole. */
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
 * Locks the relations of the plans in the session's transaction: if one was rewritten between two ranges (VACUUM FULL,
 * CLUSTER), rows would change places, and some would be read twice or not at all.
 */
export async function holdPlaces(source: Session, register: Publication['source'], plans: RangePlans): Promise<void> {
  const relations = new Set([...plans.values()].map(({ relation }) => relation))
  for (const relation of relations)
    await source.execute(`select r.ctid from ${qualified(...placeOf(register, relation))} as r limit 0`)
}
