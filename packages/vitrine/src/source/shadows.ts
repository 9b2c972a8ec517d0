/**
 * Finds objects that would change the meaning of a query by their names. Sessions on the source
 * look names up in pg_catalog and in the schemas of declared extensions (`sourcePath`), and PostgreSQL prefers the better match,
 * wherever it is. So nothing foreign may have a name there that queries use. Called by `drift.ts`; works on a standby.
 */
import type { Problem } from '../base/errors.ts'
import { FUNCTIONS, OPERATORS, SETS } from '../lineage/known-sql.ts'
import type { NeededColumns } from '../lineage/lineage.ts'
import type { Session } from '../postgres/connect.ts'
import { nameSql, type Source, sourcePath } from '../publication/register.ts'

/** PostgreSQL's own objects have a lower OID (FirstNormalObjectId in access/transam.h). */
const OWN = 16_384

/** Condition: not part of an extension named in `$1`. */
export const foreign = (catalogue: string, oid: string): string =>
  `${oid} >= ${OWN} and not exists (select from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
     where d.classid = 'pg_catalog.${catalogue}'::regclass and d.objid = ${oid} and d.deptype = 'e'
       and d.refclassid = 'pg_catalog.pg_extension'::regclass and e.extname = any ($1::text[]))`

const OTHERWISE =
  'drop or rename it, move the extension into a schema of its own, or say why it may be called: register(…, { functions: { name: reason } })'

export async function findShadows(
  source: Session,
  register: Source,
  needed: NeededColumns,
): Promise<readonly Problem[]> {
  return [
    ...(await missingExtensions(source, register)),
    ...(await shadowingNames(source, register)),
    ...(await typesAndCasts(source, register, needed)),
  ]
}

async function missingExtensions(source: Session, { extensions }: Source): Promise<readonly Problem[]> {
  const found = await source.query<{ name: string; schema: string; usable: boolean }>(
    `select e.extname as name, n.nspname as schema, has_schema_privilege(n.oid, 'USAGE') as usable
     from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = any ($1::text[])`,
    [Object.keys(extensions)],
  )
  return Object.entries(extensions).flatMap(([name, schema]): readonly Problem[] => {
    const place = `extension ${name}`
    const is = found.find((each) => each.name === name)
    if (is === undefined)
      return [{ place, detail: 'the source has no such extension', remedy: 'remove it from the register' }]
    if (is.schema !== schema)
      return [
        { place, detail: `it is in the schema ${is.schema}`, remedy: `write in the register: ${name}: '${is.schema}'` },
      ]
    // PostgreSQL silently skips a schema of the path that may not be used, with its operators.
    if (!is.usable)
      return [
        { place, detail: `its schema ${schema} may not be used`, remedy: `grant usage on schema ${schema} to …;` },
      ]
    return []
  })
}

async function shadowingNames(source: Session, register: Source): Promise<readonly Problem[]> {
  const { extensions, functions } = register
  const names = [...FUNCTIONS, ...SETS].filter((name) => !Object.hasOwn(functions, name))
  const rows = await source.query<{ place: string; extension: string | null; schema: string }>(
    `select distinct coalesce('extension ' || e.extname, v.place || ' in ' || n.nspname) as place, e.extname as extension, n.nspname as schema
     from (
       select 'pg_catalog.pg_proc'::regclass as classid, p.oid, 'function ' || p.oid::regprocedure as place, p.pronamespace as schema
       from pg_catalog.pg_proc p where p.proname = any ($2::text[]) and ${foreign('pg_proc', 'p.oid')}
       union all
       select 'pg_catalog.pg_operator'::regclass, o.oid, 'operator ' || o.oid::regoperator, o.oprnamespace
       from pg_catalog.pg_operator o where o.oprname = any ($3::text[]) and ${foreign('pg_operator', 'o.oid')}) v
     join pg_catalog.pg_namespace n on n.oid = v.schema
     left join pg_catalog.pg_depend d on d.classid = v.classid and d.objid = v.oid and d.deptype = 'e'
     left join pg_catalog.pg_extension e on e.oid = d.refobjid
     where n.nspname = any ($4::text[]) order by 1`,
    [Object.keys(extensions), names, [...OPERATORS], sourcePath(register)],
  )
  const detail = "queries would use it in place of PostgreSQL's own"
  return rows.map(({ place, extension, schema }) => ({
    place,
    detail,
    remedy: extension === null ? OTHERWISE : declaring(extension, schema),
  }))
}

const declaring = (extension: string, schema: string): string =>
  `write in the register: register(…, { extensions: { ${extension}: '${schema}' } })`

/** Casts have no schema, and a type's operators are found only in its schema: without them values compare differently. */
async function typesAndCasts(source: Session, register: Source, needed: NeededColumns): Promise<readonly Problem[]> {
  const columns = [...needed].flatMap(([table, names]) => [...names].map((name) => [table, name] as const))
  const rows = await source.query<{
    place: string
    type: string
    extension: string | null
    schema: string
    func: string | null
  }>(
    `with recursive used (place, type) as (
       select ${nameSql('$4')} || '.' || a.attname, a.atttypid from pg_catalog.pg_attribute a
       join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join unnest($2::text[], $3::text[]) w (name, attname) on w.name = ${nameSql('$4')} and w.attname = a.attname
       union
       select u.place, case t.typtype when 'd' then t.typbasetype else t.typelem end from used u
       join pg_catalog.pg_type t on t.oid = u.type where t.typtype = 'd' or (t.typcategory = 'A' and t.typelem <> 0)
     ), known as (select t.oid, t.oid < ${OWN} or not (${foreign('pg_type', 't.oid')}) as ours from pg_catalog.pg_type t)
     select u.place, format_type(t.oid, null) as type, e.extname as extension, n.nspname as schema, null as func
     from used u join pg_catalog.pg_type t on t.oid = u.type join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
     left join pg_catalog.pg_extension e on e.oid = d.refobjid
     where t.typtype not in ('d', 'e') and t.typcategory <> 'A' and ${foreign('pg_type', 't.oid')}
     union all
     select 'cast ' || format_type(c.castsource, null) || ' as ' || format_type(c.casttarget, null), '', null, '', c.castfunc::regprocedure::text
     from pg_catalog.pg_cast c join pg_catalog.pg_proc p on p.oid = c.castfunc
     where ${foreign('pg_cast', 'c.oid')} and p.oid >= ${OWN} and p.proname <> all ($5::text[])
       and (c.castsource < ${OWN} or c.castsource in (select type from used))
       and c.casttarget in (select oid from known where ours)
     order by 1`,
    [
      Object.keys(register.extensions),
      columns.map(([table]) => table),
      columns.map(([, name]) => name),
      register.schema,
      Object.keys(register.functions),
    ],
  )
  return rows.map(({ place, type, extension, schema, func }) => {
    if (func !== null) return { place, detail: `it calls ${func}, which is not PostgreSQL's`, remedy: OTHERWISE }
    const detail = `its type ${type} compares and converts by functions that are not PostgreSQL's`
    const remedy = extension === null ? 'publish it from a view that converts it' : declaring(extension, schema)
    return { place, detail, remedy }
  })
}
