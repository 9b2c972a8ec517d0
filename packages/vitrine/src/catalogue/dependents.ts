/**
 * What others built on our tables, read from `pg_depend` in one place: views, rules, functions, keys, policies, statistics …
 * The constraints, indexes and defaults of our tables are left out. Used by all code that moves,
 * replaces or drops tables.
 */
import type { Session } from '../postgres/connect.ts'

export interface Dependent {
  /** As PostgreSQL describes the object: `view team.sales`, `policy p on table shop.sale`. */
  readonly what: string
  /** Only a plain view can be created again from its definition. */
  readonly isView: boolean
  /** It does not belong to one of the given relations. */
  readonly outside: boolean
  /** The table and the columns that it depends on; no columns when it depends on the whole table. */
  readonly table: string
  readonly columns: readonly string[]
}

/** What depends on the relations named by OID. Needs an empty search path, so that names come with their schema. */
export const dependentsOf = (session: Session, relations: readonly string[]): Promise<Dependent[]> =>
  session.query<Dependent>(
    `with ours as (
       select c.oid, c.relname, c.reltype, t.typarray
       from pg_catalog.pg_class c join pg_catalog.pg_type t on t.oid = c.reltype where c.oid = any ($1::oid[])
     ), dependency as (
       select d.classid, d.objid, ours.oid as relation, ours.relname,
              case when d.refclassid = 'pg_class'::regclass then d.refobjsubid else 0 end as number
       from ours join pg_catalog.pg_depend d
         on (d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid)
         or (d.refclassid = 'pg_type'::regclass and d.refobjid in (ours.reltype, ours.typarray))
       where d.deptype in ('n', 'a') and d.classid <> 'pg_type'::regclass
     ), held as (
       select d.*, v.oid as view,
              coalesce(v.oid, w.ev_class, k.conrelid, f.adrelid, t.tgrelid, p.polrelid, s.stxrelid, c.oid) as holder,
              c.relkind in ('i', 'I', 'S') or k.conrelid in (select oid from ours) or f.adrelid in (select oid from ours)
                or t.tgisinternal or v.oid in (select oid from ours) or c.oid in (select oid from ours) as natural
       from dependency d
       left join pg_catalog.pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
       left join pg_catalog.pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm') and w.ev_type = '1'
       left join pg_catalog.pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
       left join pg_catalog.pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
       left join pg_catalog.pg_trigger t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid
       left join pg_catalog.pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
       left join pg_catalog.pg_statistic_ext s on d.classid = 'pg_statistic_ext'::regclass and s.oid = d.objid
       left join pg_catalog.pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
     )
     select case when h.view is null then pg_describe_object(h.classid, h.objid, 0)
                 else pg_describe_object('pg_class'::regclass, h.view, 0) end as what,
            coalesce((select relkind = 'v' from pg_catalog.pg_class where oid = h.view), false) as "isView",
            coalesce(h.holder not in (select oid from ours), true) as outside, h.relname as "table",
            coalesce(array_agg(distinct a.attname::text) filter (where a.attname is not null), '{}') as columns
     from held h left join pg_catalog.pg_attribute a on a.attrelid = h.relation and a.attnum = h.number and h.number > 0
     where h.natural is not true
     group by h.classid, h.objid, h.view, h.holder, h.relname order by 1, 4`,
    [[...relations]],
  )
