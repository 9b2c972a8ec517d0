/**
 * What the switch must carry over, because it belongs to the schema or to tables that are about to be replaced: grants,
 * default privileges, the schema's comment, relations of the team inside the schema, and views on our tables anywhere.
 * Read before the switch; what cannot be carried over is reported by name and stops the run before anything is touched.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, publishedNames, publishedRelations, retiredSchema } from '../publication/publication.ts'
import { literal } from '../publication/select-text.ts'
import { identifier, qualified } from '../publication/shape.ts'

/** Statements of the switch transaction, in order. `old` and `current` are the schema's names after the renames. */
export interface CarryPlan {
  /** Before the reader can see the new schema, on the staged tables. */
  readonly tableGrants: readonly string[]
  readonly schemaGrants: readonly string[]
  /** Roles that must lose the retired schema. */
  readonly grantees: readonly string[]
  readonly moves: readonly string[]
  readonly views: readonly string[]
  readonly defaults: readonly string[]
  readonly comment: string | null
}

interface Grant {
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
  readonly table: string
  readonly column: string | null
}

const role = (name: string): string => (name === 'PUBLIC' ? 'public' : identifier(name))
const option = (grantable: boolean): string => (grantable ? ' with grant option' : '')

/** Reads everything to carry over. `staging` is where table grants are replayed. Throws DEPENDENT_BLOCKS. */
export async function planCarry(target: Session, publication: Publication, staging: string): Promise<CarryPlan> {
  const { schema } = publication
  const problems: Problem[] = [...(await blockers(target, publication))]
  const moves = await foreignRelations(target, publication, problems)
  const views = await dependentViews(target, publication, problems)
  if (problems.length > 0) throw new VitrineError('DEPENDENT_BLOCKS', { place: schema, problems })
  const schemaGrants = await target.query<Grant>(
    `select coalesce(r.rolname, 'PUBLIC') as grantee, a.privilege_type as privilege, a.is_grantable as grantable,
            '' as table, null as column
     from pg_catalog.pg_namespace n cross join lateral aclexplode(n.nspacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and a.grantee <> n.nspowner order by 1, 2`,
    [schema],
  )
  const [described] = await target.query<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_catalog.pg_namespace where nspname = $1",
    [schema],
  )
  return {
    tableGrants: (await tableGrants(target, publication)).map(
      ({ table, column, privilege, grantee, grantable }) =>
        `grant ${privilege.toLowerCase()}${column === null ? '' : ` (${identifier(column)})`} on ${qualified(staging, table)} to ${role(grantee)}${option(grantable)}`,
    ),
    schemaGrants: schemaGrants.map(
      ({ privilege, grantee, grantable }) =>
        `grant ${privilege.toLowerCase()} on schema ${identifier(schema)} to ${role(grantee)}${option(grantable)}`,
    ),
    grantees: [...new Set(schemaGrants.map(({ grantee }) => role(grantee)))],
    moves,
    views,
    defaults: await defaultPrivileges(target, schema),
    comment: described?.comment ?? null,
  }
}

/** Grants on tables and columns of ours to others than their owner, for the columns that the definition still has. */
async function tableGrants(target: Session, publication: Publication): Promise<readonly Grant[]> {
  const rows = await target.query<Grant>(
    `select c.relname as table, null as column, coalesce(r.rolname, 'PUBLIC') as grantee, a.privilege_type as privilege, a.is_grantable as grantable
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     cross join lateral aclexplode(c.relacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and c.relname = any ($2) and a.grantee <> c.relowner
     union all
     select c.relname, t.attname, coalesce(r.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
     cross join lateral aclexplode(t.attacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and c.relname = any ($2) and a.grantee <> c.relowner
     order by 1, 2 nulls first, 3, 4`,
    [publication.schema, publishedNames(publication)],
  )
  const columns = new Map(
    publishedRelations(publication).map((table) => [table.name, new Set(table.columns.map(({ name }) => name))]),
  )
  const kept = rows.filter(({ table, column }) => column === null || columns.get(table)?.has(column) === true)
  const readable = new Set(
    kept
      .filter(({ grantee, privilege }) => grantee === publication.reader && privilege === 'SELECT')
      .map(({ table }) => table),
  )
  const [reader] = await target.query('select from pg_catalog.pg_roles where rolname = $1', [publication.reader])
  if (reader === undefined) return kept
  const missing = publishedNames(publication).filter((name) => !readable.has(name))
  return [
    ...kept,
    ...missing.map((table) => ({
      table,
      column: null,
      grantee: publication.reader,
      privilege: 'SELECT',
      grantable: false,
    })),
  ]
}

/** Default privileges belong to the schema object, so a new schema has none. Only those of roles that we may act for. */
async function defaultPrivileges(target: Session, schema: string): Promise<readonly string[]> {
  const kinds =
    "(case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' end)"
  const rows = await target.query<{
    owner: string
    kind: string
    privilege: string
    grantee: string
    grantable: boolean
  }>(
    `select o.rolname as owner, ${kinds} as kind, a.privilege_type as privilege, coalesce(r.rolname, 'PUBLIC') as grantee, a.is_grantable as grantable
     from pg_catalog.pg_default_acl d join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
     join pg_catalog.pg_roles o on o.oid = d.defaclrole
     cross join lateral aclexplode(d.defaclacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and pg_has_role(current_user, d.defaclrole, 'usage') and a.grantee <> d.defaclrole
     order by 1, 2, 4, 3`,
    [schema],
  )
  return rows.map(
    ({ owner, kind, privilege, grantee, grantable }) =>
      `alter default privileges for role ${identifier(owner)} in schema ${identifier(schema)} grant ${privilege.toLowerCase()} on ${kind} to ${role(grantee)}${option(grantable)}`,
  )
}

interface Foreign {
  readonly name: string
  readonly kind: string
  readonly owned: boolean
  readonly owner: string
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  f: 'foreign table',
  v: 'view',
  m: 'materialized view',
  S: 'sequence',
}

/** Relations of the team inside the published schema: moved along with the name, because the schema they are in retires. */
async function foreignRelations(
  target: Session,
  publication: Publication,
  problems: Problem[],
): Promise<readonly string[]> {
  const ours = publishedNames(publication)
  const rows = await target.query<Foreign>(
    `select c.relname as name, c.relkind as kind, pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_roles o on o.oid = c.relowner
     where n.nspname = $1 and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relname <> all ($2)
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
     order by 1`,
    [publication.schema, ours],
  )
  for (const { name, kind, owned, owner } of rows) {
    if (!owned) {
      const word = KIND_WORDS[kind] ?? 'relation'
      const remedy = `grant ${identifier(owner)} to ${identifier(publication.writer)}, or: alter ${word} ${qualified(publication.schema, name)} set schema …`
      problems.push({
        place: qualified(publication.schema, name),
        detail: `a ${word} of ${owner} stands in the published schema`,
        remedy,
      })
    }
  }
  const { schema } = publication
  return rows.map(
    ({ name, kind }) =>
      `alter ${KIND_WORDS[kind]} ${qualified(retiredSchema(publication), name)} set schema ${identifier(schema)}`,
  )
}

interface DependentView {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly definition: string
  readonly options: string[] | null
  readonly owned: boolean
  readonly owner: string
  readonly level: number
}

/**
 * Views that read our tables, directly or through other views, in the order in which they must be replaced. A view keeps
 * pointing to the tables it was made on, so that without this it would show the retired version for ever.
 */
async function dependentViews(
  target: Session,
  publication: Publication,
  problems: Problem[],
): Promise<readonly string[]> {
  const rows = await target.query<DependentView>(
    `with recursive reading as (
       select c.oid, 1 as level
       from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
       join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.classid = 'pg_rewrite'::regclass
       join pg_catalog.pg_rewrite w on w.oid = d.objid join pg_catalog.pg_class c on c.oid = w.ev_class
       where n.nspname = $1 and t.relname = any ($2) and c.oid <> t.oid
       union
       select c.oid, reading.level + 1
       from reading join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = reading.oid and d.classid = 'pg_rewrite'::regclass
       join pg_catalog.pg_rewrite w on w.oid = d.objid join pg_catalog.pg_class c on c.oid = w.ev_class
       where c.oid <> reading.oid
     )
     select c.oid::text, n.nspname as schema, c.relname as name, c.relkind as kind, pg_get_viewdef(c.oid) as definition, c.reloptions as options,
            pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner, max(reading.level) as level
     from reading join pg_catalog.pg_class c on c.oid = reading.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     group by c.oid, n.nspname, o.rolname order by level, schema, name`,
    [publication.schema, publishedNames(publication)],
  )
  const statements: string[] = []
  for (const view of rows) {
    const place = qualified(view.schema, view.name)
    if (view.kind === 'm') {
      problems.push({
        place,
        detail: 'a materialized view reads the published tables',
        remedy: 'make it a plain view, or drop it',
      })
    } else if (!view.owned) {
      const remedy = `grant ${identifier(view.owner)} to ${identifier(publication.writer)}, or: alter view ${place} owner to ${identifier(publication.writer)}`
      problems.push({ place, detail: `a view of ${view.owner} reads the published tables`, remedy })
    } else {
      const options = view.options === null ? '' : ` with (${view.options.map(viewOption).join(', ')})`
      statements.push(`create or replace view ${place}${options} as ${view.definition}`)
    }
  }
  return statements
}

/** `security_barrier=true` as a quoted option. */
function viewOption(text: string): string {
  const [name = '', ...value] = text.split('=')
  return `${identifier(name)} = ${literal(value.join('='))}`
}

/** Objects that read or guard our tables in a way that no statement can move to the next version. */
async function blockers(target: Session, publication: Publication): Promise<readonly Problem[]> {
  const names = publishedRelations(publication).map(({ name }) => name)
  const rows = await target.query<{ what: string }>(
    `with ours as (
       select c.oid, c.reltype from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = any ($2)
     ), dependent as (
       select d.classid, d.objid, d.objsubid
       from pg_catalog.pg_depend d join ours on (d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid)
         or (d.refclassid = 'pg_type'::regclass and d.refobjid in (ours.reltype, (select typarray from pg_catalog.pg_type where oid = ours.reltype)))
       where d.deptype in ('n', 'a')
         and d.classid not in ('pg_rewrite'::regclass, 'pg_attrdef'::regclass)
         and not (d.classid = 'pg_class'::regclass and (d.objid in (select oid from ours)
              or exists (select from pg_catalog.pg_class i where i.oid = d.objid and i.relkind in ('i', 'I', 'S'))))
         and not (d.classid = 'pg_constraint'::regclass and exists (
              select from pg_catalog.pg_constraint k where k.oid = d.objid and k.conrelid in (select oid from ours)))
         and not (d.classid = 'pg_trigger'::regclass and exists (
              select from pg_catalog.pg_trigger g where g.oid = d.objid and g.tgisinternal))
         and d.classid <> 'pg_type'::regclass
     )
     select distinct pg_describe_object(classid, objid, objsubid) as what from dependent
     union
     select pg_describe_object('pg_proc'::regclass, p.oid, 0) from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = $1
     union
     select pg_describe_object('pg_type'::regclass, t.oid, 0) from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where n.nspname = $1 and t.typrelid = 0 and t.typelem = 0
     order by 1`,
    [publication.schema, names],
  )
  return rows.map(({ what }) => ({
    place: what,
    detail:
      'it depends on the published tables or stands in their schema, and cannot be carried over to the next version',
    remedy: 'move it to another schema, or make it a view or a query',
  }))
}
