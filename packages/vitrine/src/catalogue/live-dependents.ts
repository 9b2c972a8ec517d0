/**
 * What others built on our tables: views, functions and rules that read their columns, foreign keys that point to their
 * keys. A plan that would drop or retype such a column is a conflict, never a CASCADE. Called by `live-shape.ts`.
 */
import type { Session } from '../postgres/connect.ts'

export interface LiveDependent {
  /** Kind and name with schema: `view public.par_mois`. */
  readonly what: string
  readonly kind: 'reads' | 'refers'
  readonly table: string
  /** The columns of the table that it depends on; none when it is the table as a whole. */
  readonly columns: readonly string[]
  /** For a foreign key held by a table of the same schema, that table. */
  readonly holder: string | null
}

/** Needs an empty search path, so that names come with their schema. */
export const readDependents = (target: Session, schema: string): Promise<LiveDependent[]> =>
  target.query<LiveDependent>(
    `with ours as (
       select c.oid, c.relname, c.relnamespace, c.reltype, t.typarray
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_type t on t.oid = c.reltype
       where n.nspname = $1 and c.relkind = 'r'
     ), dependency as (
       select d.classid, d.objid, d.objsubid, ours.oid as table_oid, ours.relname, d.refobjsubid as number
       from ours join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid
       where d.deptype = 'n'
       union all
       select d.classid, d.objid, d.objsubid, ours.oid, ours.relname, 0
       from ours join pg_catalog.pg_depend d on d.refclassid = 'pg_type'::regclass and d.refobjid in (ours.reltype, ours.typarray)
       where d.deptype = 'n'
     ), reading as (
       select case when v.oid is null or v.oid = d.table_oid then pg_describe_object(d.classid, d.objid, d.objsubid)
                   else case v.relkind when 'm' then 'materialized view ' else 'view ' end || v.oid::regclass::text
              end as what,
              d.relname, d.number, d.table_oid
       from dependency d
       left join pg_catalog.pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
       left join pg_catalog.pg_class v on v.oid = w.ev_class
       left join pg_catalog.pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
       where d.classid not in ('pg_constraint'::regclass, 'pg_attrdef'::regclass)
         and (c.oid is null or c.relkind in ('r', 'p', 'f', 'c', 'v', 'm'))
     )
     select reading.what, 'reads' as kind, reading.relname as "table", null as holder,
            coalesce(array_agg(distinct a.attname::text) filter (where a.attname is not null), '{}') as columns
     from reading
     left join pg_catalog.pg_attribute a on a.attrelid = reading.table_oid and a.attnum = reading.number and reading.number > 0
     group by reading.what, reading.relname
     union all
     select 'foreign key ' || quote_ident(k.conname) || ' of ' || c.oid::regclass::text, 'refers', ours.relname,
            case when c.relnamespace = ours.relnamespace then c.relname::text end,
            array(
              select a.attname::text
              from unnest(k.confkey) with ordinality as key (number, place)
              join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.number
              order by key.place
            )
     from ours
     join pg_catalog.pg_constraint k on k.confrelid = ours.oid and k.contype = 'f'
     join pg_catalog.pg_class c on c.oid = k.conrelid
     order by 3, 1`,
    [schema],
  )
