/**
 * Lists all objects of a schema, of every class: `pg_depend` knows the schema of each object, so that a class that PostgreSQL
 * adds later is listed as well. We make only tables and views; the rest belongs to others and can usually be moved.
 */
import type { Session } from '../postgres/connect.ts'
import { identifier } from '../sql/quote.ts'

export interface SchemaObject {
  readonly schema: string
  /** The system catalog that holds it, such as `pg_class`. */
  readonly catalog: string
  readonly oid: string
  /** As PostgreSQL calls it: `table`, `text search configuration`. */
  readonly type: string
  /** With its schema, and a function's with its argument types. */
  readonly identity: string
  readonly owner: string
  /** The session's role may act as the owner. */
  readonly owned: boolean
  /** The names that it occupies in the schema, including those of its indexes and sequences. */
  readonly names: readonly string[]
}

/**
 * Not listed: sequences behind a column and members of an extension, which come with what they belong to, and default
 * privileges, which are rights. Needs an empty search path, so that names come with their schema.
 */
export const objectsIn = (session: Session, schemas: readonly string[]): Promise<SchemaObject[]> =>
  session.query<SchemaObject>(
    `with standing as (
       select n.nspname as schema, d.classid, d.objid
       from pg_catalog.pg_namespace n join pg_catalog.pg_depend d on d.refclassid = 'pg_namespace'::regclass and d.refobjid = n.oid
       where n.nspname = any ($1) and d.classid <> 'pg_default_acl'::regclass and not exists (
         select from pg_catalog.pg_depend b where b.classid = d.classid and b.objid = d.objid
           and (b.deptype = 'e' or (b.deptype in ('a', 'i') and b.refclassid = 'pg_class'::regclass and b.refobjsubid > 0
             and exists (select from pg_catalog.pg_class s where b.classid = 'pg_class'::regclass and s.oid = b.objid and s.relkind = 'S')))
       )
     )
     select s.schema, s.classid::regclass::text as catalog, s.objid::text as oid, i.type, i.identity, o.rolname as owner,
            pg_has_role(current_user, o.oid, 'usage') as owned,
            array(
              select c.relname::text from pg_catalog.pg_class c
              where s.classid = 'pg_class'::regclass and (c.oid = s.objid
                or c.oid in (select indexrelid from pg_catalog.pg_index where indrelid = s.objid)
                or c.oid in (select objid from pg_catalog.pg_depend b where b.classid = 'pg_class'::regclass and b.deptype in ('a', 'i')
                             and b.refclassid = 'pg_class'::regclass and b.refobjid = s.objid and b.refobjsubid > 0))
              union all
              select t.typname::text from pg_catalog.pg_type t where s.classid = 'pg_type'::regclass and t.oid = s.objid
            ) as names
     from standing s cross join lateral pg_identify_object(s.classid, s.objid, 0) i
     left join pg_catalog.pg_shdepend h on h.classid = s.classid and h.objid = s.objid and h.objsubid = 0 and h.deptype = 'o'
       and h.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
     join pg_catalog.pg_roles o on o.oid = coalesce(h.refobjid, 10)
     -- Null for what somebody drops in this moment.
     where i.identity is not null
     order by i.type, i.identity`,
    [[...schemas]],
  )

/** The keyword of ALTER … SET SCHEMA for each type. Extensions are not here: they often refuse it. */
const MOVABLE = new Map([
  // Moved before types, because their identities contain names of types.
  ...['function', 'procedure', 'aggregate'].map((type) => [type, 'routine'] as const),
  ...['operator', 'operator class', 'operator family'].map((type) => [type, type] as const),
  ...['table', 'view', 'materialized view', 'sequence', 'foreign table'].map((type) => [type, type] as const),
  ...['type', 'collation', 'conversion'].map((type) => [type, type] as const),
  ...['configuration', 'dictionary', 'parser', 'template'].map(
    (part) => [`text search ${part}`, `text search ${part}`] as const,
  ),
  ['statistics object', 'statistics'],
])

export const isMovable = ({ type }: SchemaObject): boolean => MOVABLE.has(type)

export const alterWord = ({ type }: SchemaObject): string => MOVABLE.get(type) ?? type

/** Moves the objects to another schema; each keeps its identity, and with it whatever refers to it. */
export function moveSql(objects: readonly SchemaObject[], schema: string): readonly string[] {
  const order = [...MOVABLE.keys()]
  return [...objects]
    .sort((one, other) => order.indexOf(one.type) - order.indexOf(other.type))
    .map((object) => `alter ${alterWord(object)} ${object.identity} set schema ${identifier(schema)}`)
}
