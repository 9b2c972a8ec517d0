/**
 * What the reader cannot see of a version, by the catalogue: whether the role may log in, and whether each relation
 * exists and is readable, column by column. Used by all that reports the state of the published version.
 */
import type { Target } from './target.ts'

/** A relation of a version; a view is listed without columns. */
export interface WantedRelation {
  readonly name: string
  readonly columns: readonly string[]
}

/** Something that a reader needs and does not find. */
export interface Missing {
  readonly place: string
  readonly detail: string
  /** The command that repairs it. */
  readonly mending: 'sync' | 'provision' | 'rebuild' | 'migrate' | 'hand'
}

/** A run grants tables that the reader may not read at all; rights on single columns it does not change. */
const SIGHT = `
with reader as (select * from pg_catalog.pg_roles where rolname = $2),
here as (select * from pg_catalog.pg_namespace where nspname = $1),
found as (
  select a.name, a.columns, c.oid, c.relowner, c.relrowsecurity
  from jsonb_to_recordset($3::jsonb) as a (name text, columns text[])
  left join pg_catalog.pg_class c on c.relname = a.name and c.relnamespace = (select oid from here) and c.relkind in ('r', 'p', 'v')
),
cells as (
  select f.name, f.oid, k.name as "column", t.attnum, has_column_privilege(r.oid, f.oid, t.attnum, 'select') as reads
  from found f cross join reader r cross join unnest(f.columns) k (name)
  left join pg_catalog.pg_attribute t on t.attrelid = f.oid and t.attname = k.name and not t.attisdropped
  where f.oid is not null
)
select $2::text as place, 'the role of the readers does not exist' as detail, 'provision' as mending where not exists (select from reader)
union all
select rolname, case when not rolcanlogin then 'the role may not log in' when rolconnlimit = 0 then 'the role may open no connection'
                     else 'the password of the role has expired' end, case when rolcanlogin then 'hand' else 'provision' end
from reader where not rolcanlogin or rolconnlimit = 0 or rolvaliduntil <= clock_timestamp()
union all
select rolname, 'the role may not connect to the database', 'provision' from reader where not has_database_privilege(oid, current_database(), 'connect')
union all
select $1, 'the schema does not exist', 'rebuild' where not exists (select from here)
union all
select $1, 'the reader may not look into the schema', 'provision' from here, reader r where not has_schema_privilege(r.oid, here.oid, 'usage')
union all
select name, 'it does not exist', 'sync' from found where oid is null and exists (select from here)
union all
select name, 'it lacks ' || string_agg("column", ', ' order by "column"), 'sync' from cells where attnum is null group by name
union all
select name, 'the reader may not read ' || case when bool_or(reads) then string_agg("column", ', ' order by "column") filter (where not reads) else 'it' end,
       case when bool_or(reads) then 'provision' else 'sync' end
from cells where attnum is not null group by name having bool_or(not reads)
union all
select name, 'the reader may not read it', 'sync' from found, reader r where columns = '{}' and not has_any_column_privilege(r.oid, found.oid, 'select')
union all
select name, 'row level security leaves no row to the reader: make a policy, or disable it', 'hand'
from found, reader r
where relrowsecurity and not r.rolsuper and not r.rolbypassrls and not pg_has_role(r.oid, relowner, 'usage') and not exists (
  select from pg_catalog.pg_policy p where p.polrelid = found.oid and p.polpermissive and p.polcmd in ('r', '*')
    and exists (select from unnest(p.polroles) for_role where for_role = 0 or pg_has_role(r.oid, for_role, 'usage')))
order by 1, 2`

/** Empty when the reader can log in and read all of it. */
export const missingToReader = (
  { session, publication }: Target,
  relations: readonly WantedRelation[],
): Promise<Missing[]> =>
  session.query<Missing>(SIGHT, [publication.schema, publication.reader, JSON.stringify(relations)])
