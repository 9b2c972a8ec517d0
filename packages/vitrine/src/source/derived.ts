/**
 * Views, materialized views and generated columns hold what they are made of, whatever the register says: each must have at least
 * the highest class of the columns behind it, or a reason. PostgreSQL does not tell the origin of each column of a view,
 * so a view is judged as a whole. Called by `drift.ts`; only the catalogue is read.
 */
import type { Problem } from '../base/errors.ts'
import { own } from '../base/own.ts'
import type { Session } from '../postgres/connect.ts'
import { PRIVACY_CLASSES, type PrivacyClass } from '../publication/privacy.ts'
import { nameIn, nameSql, type RegisteredColumn, type Source } from '../publication/register.ts'
import { foreign } from './shadows.ts'

/** What a view or a generated column is made of: a column, or a function of the team. */
interface Part {
  /** `view`, or `table.column`. */
  readonly place: string
  readonly schema: string | null
  readonly table: string
  readonly column: string | null
}

const rank = (privacy: PrivacyClass): number => PRIVACY_CLASSES.indexOf(privacy)

export async function findLooser(source: Session, register: Source): Promise<readonly Problem[]> {
  const parts = await partsOf(source, register)
  /** An unregistered column counts as personal: nobody has said that it is harmless. */
  const classOf = ({ schema, table, column }: Part): PrivacyClass =>
    own(own(register.tables, nameIn(register.schema, schema ?? '', table)) ?? {}, column ?? '')?.privacy ?? 'personal'
  return [...new Set(parts.map(({ place }) => place))].flatMap((place): readonly Problem[] => {
    if (Object.hasOwn(register.derived, place)) return []
    const behind = parts.filter((part) => part.place === place)
    const [highest] = behind.toSorted((a, b) => rank(classOf(b)) - rank(classOf(a)))
    if (highest === undefined) return []
    const looser = judged(register, place).filter(([, { privacy }]) => rank(privacy) < rank(classOf(highest)))
    if (looser.length === 0) return []
    const made = highest.column === null ? highest.table : `${highest.schema}.${highest.table}.${highest.column}`
    const detail = `made of ${made} (${classOf(highest)}), and registered as less: ${looser.map(([name]) => name).join(', ')}`
    const remedy = `register as ${classOf(highest)}, or say why not: register(…, { derived: { '${place}': reason } })`
    return [{ place, detail, remedy }]
  })
}

/** The registered columns of a view, or the one generated column. */
function judged({ tables }: Source, place: string): readonly (readonly [string, RegisteredColumn])[] {
  const view = own(tables, place)
  if (view !== undefined) return Object.entries(view)
  const dot = place.lastIndexOf('.')
  const [table, column] = [place.slice(0, dot), place.slice(dot + 1)]
  const registered = own(own(tables, table) ?? {}, column)
  return registered === undefined ? [] : [[column, registered]]
}

/**
 * Follows dependencies through unregistered views. PostgreSQL records none on columns for a whole-row reference, and none at all for
 * its own tables: both are searched in the stored query.
 */
const partsOf = (source: Session, { schema, tables, extensions }: Source): Promise<Part[]> =>
  source.query<Part>(
    `with recursive registered as (
       select c.oid, ${nameSql('$2')} as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where ${nameSql('$2')} = any ($3::text[])
     ), rule as (
       select r.ev_class as view, r.ev_action::text ~ ':varattno 0 ' as whole, r.ev_action::text ~ ':relid ([1-9]\\d{0,3}|1[0-5]\\d{3}) ' as system,
              d.refclassid as classid, d.refobjid as id, d.refobjsubid as part
       from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
       where r.ev_type = '1' and r.ev_class >= 16384
     ), made (place, classid, id, part, whole, system) as (
       select g.name, r.classid, r.id, r.part, r.whole, r.system from registered g join rule r on r.view = g.oid
       union
       select g.name || '.' || a.attname, d.refclassid, d.refobjid, d.refobjsubid, false, false
       from registered g join pg_catalog.pg_attribute a on a.attrelid = g.oid and a.attgenerated <> ''
       left join pg_catalog.pg_attrdef f on f.adrelid = g.oid and f.adnum = a.attnum
       join pg_catalog.pg_depend d on (d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = f.oid)
         or (d.classid = 'pg_catalog.pg_class'::regclass and d.objid = g.oid and d.objsubid = a.attnum)
       where (d.refobjid, d.refobjsubid) <> (g.oid, a.attnum)
       union
       select m.place, r.classid, r.id, r.part, r.whole, r.system from made m join rule r on r.view = m.id
       where m.classid = 'pg_catalog.pg_class'::regclass and m.id not in (select oid from registered)
     )
     select m.place, n.nspname::text as schema, c.relname::text as table, a.attname::text as column
     from made m join pg_catalog.pg_class c on c.oid = m.id join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and (a.attnum = m.part or m.whole)
     left join registered g on g.oid = c.oid
     where m.classid = 'pg_catalog.pg_class'::regclass and g.name is distinct from m.place
     union select m.place, null, p.oid::regprocedure::text, null
     from made m join pg_catalog.pg_proc p on p.oid = m.id
     where m.classid = 'pg_catalog.pg_proc'::regclass and ${foreign('pg_proc', 'p.oid')}
     union select m.place, null, 'a table of PostgreSQL itself', null from made m where m.system
     order by 1, 2, 3, 4`,
    [Object.keys(extensions), schema, Object.keys(tables)],
  )
