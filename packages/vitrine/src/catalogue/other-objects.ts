/**
 * Everything in a schema that is not an ordinary table: views, free sequences, functions, types, extensions. Of ours there
 * are only the views about the runs; the rest belongs to others.
 */
import type { Session } from '../postgres/connect.ts'

export interface OtherObject {
  /** A function's name comes with its argument types. */
  readonly name: string
  readonly kind: string
  readonly owner: string
  readonly comment: string | null
  /** Of a view or another relation with rows, in order. */
  readonly columns: readonly string[]
}

/** Sequences behind a column, types behind a table and members of an extension come with their owner: not listed. */
export const otherObjects = (session: Session, schema: string): Promise<OtherObject[]> =>
  session.query<OtherObject>(
    `with here as (
       select oid from pg_catalog.pg_namespace where nspname = $1
     ), found as (
       select 'pg_class'::regclass::oid as catalog, c.oid, c.relname::text as name, c.relowner as owner, c.relkind <> 'S' as has_rows,
              case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                             when 'f' then 'foreign table' else 'partitioned table' end as kind
       from pg_catalog.pg_class c join here on here.oid = c.relnamespace
       where c.relkind in ('v', 'm', 'S', 'f', 'p')
       union all
       select 'pg_proc'::regclass, p.oid, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proowner, false,
              case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end
       from pg_catalog.pg_proc p join here on here.oid = p.pronamespace
       union all
       select 'pg_type'::regclass, t.oid, t.typname::text, t.typowner, false, case t.typtype when 'd' then 'domain' else 'type' end
       from pg_catalog.pg_type t join here on here.oid = t.typnamespace
       where t.typtype in ('b', 'c', 'd', 'e', 'r')
         and (t.typrelid = 0 or exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
         and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
       union all
       select 'pg_extension'::regclass, e.oid, e.extname::text, e.extowner, false, 'extension'
       from pg_catalog.pg_extension e join here on here.oid = e.extnamespace
     )
     select found.name, found.kind, o.rolname as owner,
            obj_description(found.oid, (select relname from pg_catalog.pg_class where oid = found.catalog)) as comment,
            array(
              select a.attname::text from pg_catalog.pg_attribute a
              where found.has_rows and a.attrelid = found.oid and a.attnum > 0 and not a.attisdropped
              order by a.attnum
            ) as columns
     from found
     join pg_catalog.pg_roles o on o.oid = found.owner
     where not exists (
       select from pg_catalog.pg_depend d
       where d.classid = found.catalog and d.objid = found.oid
         and (d.deptype = 'e' or (found.kind = 'sequence' and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
     )
     order by found.kind, found.name`,
    [schema],
  )
