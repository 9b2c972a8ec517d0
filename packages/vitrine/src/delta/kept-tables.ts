/** Checks that nobody altered the tables of the kept version: changes are only applied to unaltered ones. */
import { isDeepStrictEqual } from 'node:util'
import { dependentsOf } from '../catalogue/dependents.ts'
import { readTables } from '../catalogue/live-shape.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema } from '../publication/publication.ts'
import { shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { ownRelations } from '../record/made.ts'
import { alteredTables } from '../version/carry-parts.ts'

const sorted = (shape: TableShape) => ({
  ...shape,
  constraints: shape.constraints.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  indexes: shape.indexes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
})

/**
 * OIDs of our tables that have triggers, rules, policies and the like. `outside`: instead, something outside the version depends on
 * a table or on the schema.
 */
const ATTACHED = `
  select tgrelid::text as oid, false as outside from pg_catalog.pg_trigger where tgrelid = any ($1::oid[]) and not tgisinternal
  union all select ev_class::text, false from pg_catalog.pg_rewrite join pg_catalog.pg_class c on c.oid = ev_class
    where ev_class = any ($1::oid[]) and c.relkind = 'r'
  union all select polrelid::text, false from pg_catalog.pg_policy where polrelid = any ($1::oid[])
  union all select oid::text, false from pg_catalog.pg_class where oid = any ($1::oid[]) and (relforcerowsecurity or relhassubclass)
  union all select attrelid::text, false from pg_catalog.pg_attribute
    where attrelid = any ($1::oid[]) and attnum > 0 and (attisdropped or atthasmissing)
  union all select indrelid::text, false from pg_catalog.pg_index where indrelid = any ($1::oid[]) and indisclustered
  union all select inhparent::text, true from pg_catalog.pg_inherits where inhparent = any ($1::oid[])
  union all select inhrelid::text, true from pg_catalog.pg_inherits where inhrelid = any ($1::oid[])
  union all select confrelid::text, true from pg_catalog.pg_constraint
    where contype = 'f' and confrelid = any ($1::oid[]) and conrelid <> all ($1::oid[])
  union all select prrelid::text, true from pg_catalog.pg_publication_rel where prrelid = any ($1::oid[])
  union all select stxrelid::text, true from pg_catalog.pg_statistic_ext where stxrelid = any ($1::oid[])
  union all select n.oid::text, true from pg_catalog.pg_namespace n where n.nspname = $2 and (
    exists (select from pg_catalog.pg_publication_namespace where pnnspid = n.oid)
    or exists (select from pg_catalog.pg_seclabel where classoid = 'pg_namespace'::regclass and objoid = n.oid)
    or exists (select from pg_catalog.pg_default_acl where defaclnamespace = n.oid and not pg_has_role(current_user, defaclrole, 'usage')))`

export interface KeptTables {
  /** Names of the tables that are exactly as defined. */
  readonly unaltered: ReadonlySet<string>
  /** Something outside the version depends on it. */
  readonly held: boolean
}

export async function keptTables(target: Target, tables: readonly PublishedTable[]): Promise<KeptTables> {
  const { session, publication } = target
  const schema = retiredSchema(publication)
  const own = (await ownRelations(target, [schema])).filter(({ built }) => built)
  const oids = own.map(({ oid }) => oid)
  const attached = await session.query<{ oid: string; outside: boolean }>(ATTACHED, [oids, schema])
  const more = new Set(attached.map(({ oid }) => oid))
  const live = await readTables(session, schema, publication.writer)
  const shapes = new Map(tables.map((table) => [table.name, shapeOf(table, { ...publication, schema })]))
  const same = live.filter(({ oid, shape, owned, extras }) => {
    const wanted = shapes.get(shape.name)
    const isPlain = oids.includes(oid) && owned && extras.length === 0 && !more.has(oid)
    return isPlain && wanted !== undefined && isDeepStrictEqual(sorted(shape), sorted(wanted))
  })
  const altered = await alteredTables(
    target,
    [...shapes.values()],
    same.map(({ oid }) => oid),
  )
  const names = same.map(({ shape }) => shape.name)
  const dependents = await dependentsOf(session, oids)
  const held = attached.some(({ outside }) => outside) || dependents.some(({ outside }) => outside)
  return { unaltered: new Set(names.filter((name) => !altered.has(name))), held }
}
