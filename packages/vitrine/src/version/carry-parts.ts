/**
 * What others added to a published table: indexes and storage parameters, which the next version gets as well,
 * and columns, constraints, row security …, which it cannot get: they stop the run by name. Called by `carry.ts`.
 */
import type { Problem } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { TableShape } from '../publication/shape.ts'
import type { OwnRelation } from '../record/made.ts'
import { recordedVersion, type VersionContent } from '../record/versions.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

interface Part {
  readonly table: string
  readonly kind: string
  readonly name: string
  /** The part of an index definition after the table's name, or the value of a parameter. */
  readonly text: string | null
  readonly columns: readonly string[]
}

/** Parts of the tables $1 that are neither among their columns $2 nor among their keys and indexes $3, as `table.name`. */
const PARTS = `
  with ours as (
    select c.*, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as place
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any ($1::oid[]) and c.relkind = 'r'
  ), attributes as (
    select ours.oid, ours.relname, a.*, t.typstorage
    from ours join pg_catalog.pg_attribute a on a.attrelid = ours.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
  ), known_attributes as (
    select * from attributes where relname || '.' || attname = any ($2)
  ), indexes as (
    select ours.relname, ours.place, i.relname as name, i.oid, i.reloptions, i.reltablespace, x.indisunique, x.indisvalid, x.indisclustered,
           ours.relname || '.' || i.relname = any ($3)
             or exists (select from pg_catalog.pg_constraint k where k.conindid = i.oid and k.conrelid = ours.oid) as known,
           array(select a.attname::text from pg_catalog.pg_depend d join attributes a on a.oid = ours.oid and a.attnum = d.refobjsubid
                 where d.classid = 'pg_class'::regclass and d.objid = i.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid) as columns
    from ours join pg_catalog.pg_index x on x.indrelid = ours.oid join pg_catalog.pg_class i on i.oid = x.indexrelid
  ), parts (relname, kind, name, text, columns) as (
    select relname, 'column', attname, null, '{}'::text[] from attributes where relname || '.' || attname <> all ($2)
    union all
    select relname, case when attgenerated <> '' then 'generated column' when attidentity <> '' then 'identity of the column'
                         when atthasdef then 'default of the column' else 'storage of the column' end, attname, null, '{}'
    from known_attributes where atthasdef or attidentity <> '' or attgenerated <> '' or attstorage <> typstorage or attcompression <> ''
    union all
    select relname, 'statistics', attname, attstattarget::text, array[attname::text] from known_attributes where attstattarget >= 0
    union all
    select relname, 'attribute option', attname, o, array[attname::text] from known_attributes, unnest(attoptions) o
    union all
    select relname, case when not indisvalid then 'invalid ' when indisunique then 'unique ' else '' end || 'index', name,
           case when starts_with(pg_get_indexdef(oid), head) then substr(pg_get_indexdef(oid), length(head) + 1) end, columns
    from indexes cross join lateral (select 'CREATE ' || case when indisunique then 'UNIQUE ' else '' end || 'INDEX ' || quote_ident(name) || ' ON ' || place || ' ') as h (head)
    where not known
    union all
    select relname, 'index option', name, o, columns from indexes, unnest(reloptions) o where known
    union all
    select relname, 'index statistics', name, attnum || ' set statistics ' || attstattarget, columns
    from indexes join pg_catalog.pg_attribute a on a.attrelid = oid and attstattarget >= 0
    union all
    select relname, 'cluster', name, '', columns from indexes where indisclustered
    union all
    select relname, 'tablespace of the index', name, null, '{}' from indexes where reltablespace <> 0
    union all
    select relname, 'comment of the index', name, obj_description(oid, 'pg_class'), columns from indexes where obj_description(oid, 'pg_class') <> ''
    union all
    select ours.relname, 'comment of the constraint', k.conname, obj_description(k.oid, 'pg_constraint'),
           array(select attname::text from attributes a where a.oid = ours.oid and a.attnum = any (k.conkey))
    from ours join pg_catalog.pg_constraint k on k.conrelid = ours.oid and k.contype <> 'n' where obj_description(k.oid, 'pg_constraint') <> ''
    union all
    select ours.relname, 'constraint', k.conname, null, '{}' from ours join pg_catalog.pg_constraint k on k.conrelid = ours.oid
    where k.contype <> 'n' and ours.relname || '.' || k.conname <> all ($3)
    union all
    select ours.relname, 'sequence', s.relname, null, '{}'
    from ours join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid and d.classid = 'pg_class'::regclass
    join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
    union all
    select ours.relname, 'parameter', '', o, '{}' from ours, unnest(reloptions) o
    union all
    select ours.relname, 'parameter', '', 'toast.' || o, '{}' from ours join pg_catalog.pg_class t on t.oid = ours.reltoastrelid, unnest(t.reloptions) o
    union all
    select ours.relname, 'replica identity', '', case relreplident when 'f' then 'full' when 'n' then 'nothing'
             else (select 'using index ' || quote_ident(i.relname) from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
                   where x.indrelid = ours.oid and x.indisreplident) end, '{}'
    from ours where relreplident <> 'd'
    union all
    select relname, 'row security', '', null, '{}' from ours where relrowsecurity or relforcerowsecurity
    union all
    select relname, 'UNLOGGED', '', null, '{}' from ours where relpersistence <> 'p'
    union all
    select relname, 'tablespace', '', null, '{}' from ours where reltablespace <> 0
    union all
    select relname, 'access method', '', null, '{}' from ours where relam <> (select oid from pg_catalog.pg_am where amname = 'heap')
    union all
    select relname, 'type', '', null, '{}' from ours where reloftype <> 0
    union all
    select relname, 'parent table', '', null, '{}' from ours where oid in (select inhrelid from pg_catalog.pg_inherits)
    union all
    select relname, 'subscription', '', null, '{}' from ours where oid in (select srrelid from pg_catalog.pg_subscription_rel)
    union all
    select relname, 'extension', e.extname, null, '{}'
    from ours join pg_catalog.pg_depend d on d.classid = 'pg_class'::regclass and d.objid = ours.oid and d.objsubid = 0 and d.deptype = 'e'
    join pg_catalog.pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid
    union all
    select relname, 'security label', l.provider, null, '{}' from ours join pg_catalog.pg_seclabel l on l.classoid = 'pg_class'::regclass and l.objoid = ours.oid
  )
  select relname as "table", kind, name, text, columns from parts order by 1, kind !~ '^(unique )?index$', 2, 3, 4`

export interface CarriedParts {
  /** In order: indexes first, which a replica identity and others may name. */
  readonly sql: readonly string[]
  readonly problems: readonly Problem[]
}

/** Ignored on a retired version, which has row security from us; the mark of CLUSTER does not change rows. */
const HARMLESS = ['row security', 'cluster']

/** The tables, by OID, that somebody gave something beyond these shapes. */
export async function alteredTables(
  { session }: Target,
  shapes: readonly TableShape[],
  oids: readonly string[],
): Promise<ReadonlySet<string>> {
  const parts = await session.query<Part>(PARTS, [oids, shapes.flatMap(columnsIn), shapes.flatMap(namesIn)])
  return new Set(parts.filter(({ kind }) => !HARMLESS.includes(kind)).map(({ table }) => table))
}

const columnsIn = ({ name, columns }: TableShape) => columns.map((column) => `${name}.${column.name}`)

const namesIn = ({ name, constraints, indexes }: TableShape): readonly string[] =>
  [...constraints, ...indexes].map((part) => `${name}.${part.name}`)

/** `schema` is where the next version stands. */
export async function carriedParts(
  target: Target,
  schema: string,
  { shapes }: VersionContent,
  ours: readonly OwnRelation[],
): Promise<CarriedParts> {
  const { session, publication } = target
  const recorded = (await recordedVersion(target, 'published'))?.shapes ?? []
  const built = ours.filter((relation) => relation.built).map(({ oid }) => oid)
  const parts = await session.query<Part>(PARTS, [built, recorded.flatMap(columnsIn), recorded.flatMap(namesIn)])
  const named = new Set(shapes.flatMap(namesIn))
  const withdrawn = new Set(recorded.flatMap(namesIn).filter((name) => !named.has(name)))
  const next = new Map(shapes.map((shape) => [shape.name, new Set(shape.columns.map(({ name }) => name))]))
  const [sql, problems]: [string[], Problem[]] = [[], []]
  for (const part of parts) {
    const place = qualified(publication.schema, part.table)
    const columns = next.get(part.table)
    const statement = statementOf(part, schema)
    // A part of a withdrawn table or column goes with it; but an index may also cover columns that stay.
    const gone = columns === undefined ? null : part.columns.filter((column) => !columns.has(column))
    const isLost = /^(?:\w+ )?index$/.test(part.kind) && gone !== null && gone.length > 0
    if (statement === null || isLost) problems.push(problemOf(part, place))
    else if (gone?.length === 0 && !withdrawn.has(`${part.table}.${part.name}`)) sql.push(statement)
  }
  return { sql, problems }
}

/** The statement that gives the part to another table; null when there is none. */
function statementOf({ table, kind, name, text }: Part, schema: string): string | null {
  if (text === null) return null
  const to = qualified(schema, table)
  const [option = '', ...value] = text.split('=')
  const setting = `set (${option} = ${literal(value.join('='))})`
  switch (kind) {
    case 'index':
    case 'unique index':
      // A kept version may have it already.
      return `create ${kind} if not exists ${identifier(name)} on ${to} ${text}`
    case 'index option':
      return `alter index ${qualified(schema, name)} ${setting}`
    case 'index statistics':
      return `alter index ${qualified(schema, name)} alter column ${text}`
    case 'cluster':
      return `alter table ${to} cluster on ${identifier(name)}`
    case 'comment of the index':
      return `comment on index ${qualified(schema, name)} is ${literal(text)}`
    case 'comment of the constraint':
      return `comment on constraint ${identifier(name)} on ${to} is ${literal(text)}`
    case 'statistics':
      return `alter table ${to} alter column ${identifier(name)} set statistics ${text}`
    case 'attribute option':
      return `alter table ${to} alter column ${identifier(name)} ${setting}`
    case 'parameter':
      return `alter table ${to} ${setting}`
    case 'replica identity':
      return `alter table ${to} replica identity ${text}`
    default:
      return null
  }
}

function problemOf({ table, kind, name }: Part, place: string): Problem {
  const what = [kind, name].filter((word) => word !== '').join(' ')
  return {
    place: kind === 'column' ? `${place}.${identifier(name)}` : `${what} of ${place}`,
    detail: `somebody gave it to ${table}, and it cannot be carried over to the next version`,
    remedy:
      'take it away, or keep it in a table of your own; keys, indexes and columns can also be declared in the publication',
  }
}
