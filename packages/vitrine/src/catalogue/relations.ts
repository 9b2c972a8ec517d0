/**
 * The tables and views that stand in schemas, and what is built on them from outside. Read by the switch, which moves them,
 * and by drop.
 */

import type { Problem } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { qualified } from '../sql/quote.ts'

export interface PlacedRelation {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'v'
  readonly owner: string
  /** The session's role may act as the owner. */
  readonly owned: boolean
}

/** Tables and views of the schemas named, by schema and name. */
export const relationsIn = (target: Session, schemas: readonly string[]): Promise<PlacedRelation[]> =>
  target.query<PlacedRelation>(
    `select c.oid::text, n.nspname as schema, c.relname as name, c.relkind as kind, o.rolname as owner,
            pg_has_role(current_user, c.relowner, 'usage') as owned
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     where n.nspname = any ($1) and c.relkind in ('r', 'v') order by 2, 3`,
    [[...schemas]],
  )

/** The same by their qualified names. */
export const namesIn = async (target: Session, schemas: readonly string[]): Promise<readonly string[]> =>
  (await relationsIn(target, schemas)).map(({ schema, name }) => qualified(schema, name))

/** What is built on the relations and is not among them: views, foreign keys, functions, columns of their row types. */
export async function outsideDependents(target: Session, ours: readonly PlacedRelation[]): Promise<readonly Problem[]> {
  const rows = await target.query<{ type: string; identity: string; relation: string }>(
    `with ours as (
       select c.oid, c.relname, c.reltype, t.typarray
       from pg_catalog.pg_class c join pg_catalog.pg_type t on t.oid = c.reltype where c.oid = any ($1::oid[])
     ), dependency as (
       select d.classid, d.objid, ours.relname
       from ours join pg_catalog.pg_depend d
         on (d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = ours.oid)
         or (d.refclassid = 'pg_catalog.pg_type'::regclass and d.refobjid in (ours.reltype, ours.typarray))
       where d.deptype = 'n'
     ), holder as (
       select case when h.oid is null then d.classid else 'pg_catalog.pg_class'::regclass end as classid,
              coalesce(h.oid, d.objid) as objid, d.relname
       from dependency d
       left join pg_catalog.pg_rewrite w on d.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = d.objid
       left join pg_catalog.pg_constraint k on d.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = d.objid
       left join pg_catalog.pg_attrdef f on d.classid = 'pg_catalog.pg_attrdef'::regclass and f.oid = d.objid
       left join pg_catalog.pg_class h on h.oid in (w.ev_class, k.conrelid, f.adrelid)
     )
     select i.type, i.identity, string_agg(distinct holder.relname, ', ' order by holder.relname) as relation
     from holder cross join lateral pg_identify_object(holder.classid, holder.objid, 0) i
     where not (holder.classid = 'pg_catalog.pg_class'::regclass and holder.objid in (select oid from ours))
     group by 1, 2 order by 1, 2`,
    [ours.map(({ oid }) => oid)],
  )
  return rows.map(({ type, identity, relation }) => ({
    place: `${type} ${identity}`,
    detail: `it depends on ${relation}`,
    remedy: 'drop it, or take its reference to the published tables away',
  }))
}
