/**
 * The role that reads exactly the columns that the queries name. Its rights as data, the steps
 * that grant and revoke them, and the SQL questions of provision and the doctor. Nothing is sent from here.
 */
import { VitrineError } from '../base/errors.ts'
import { own } from '../base/own.ts'
import { command, type Remedy, remedy } from '../base/remedy.ts'
import { neededColumns } from '../lineage/lineage.ts'
import { requireSound } from '../lineage/publication-check.ts'
import { PRIVACY_CLASSES } from '../publication/privacy.ts'
import type { Publication } from '../publication/publication.ts'
import { nameSql, placeOf, type RegisteredColumns, type Source, schemasOf } from '../publication/register.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { block, roleId } from './statement.ts'
import { BY_ROLE_MAKER, complete, type Draft, roleSteps, type Step } from './step.ts'

/** What the role may do. */
export interface SourceRights {
  readonly role: string
  readonly source: Source
  /** Schemas of the tables and of the declared extensions. */
  readonly schemas: readonly string[]
  readonly columns: ReadonlyMap<string, readonly string[]>
  /** Tables whose rows are only counted: PostgreSQL needs the right on one column all the same. */
  readonly counted: ReadonlySet<string>
}

export const OWN_ROLE = (role: string): Remedy =>
  remedy`The source's own fence is missing: whatever a query named, this role could read it. Write a role of its own into DATABASE_URL, such as vitrine_source with a long password, keep ${role} in DATABASE_ADMIN_URL, and run ${command('provision', '--source')}.`

/** The least sensitive column. */
function leastTelling(table: string, columns: RegisteredColumns): string {
  const bySensitivity = Object.entries(columns).sort(
    ([, a], [, b]) => PRIVACY_CLASSES.indexOf(a.privacy) - PRIVACY_CLASSES.indexOf(b.privacy),
  )
  const [column] = bySensitivity[0] ?? []
  if (column !== undefined) return column
  const problem = { place: table, detail: 'its rows are counted, and no column of it is registered' }
  throw new VitrineError('DEFINITION_INVALID', { problems: [{ ...problem, remedy: 'register its primary key' }] })
}

/** Throws DEFINITION_INVALID where the queries cannot be followed. */
export async function sourceRightsOf(publication: Publication, role: string): Promise<SourceRights> {
  const { source, tables } = publication
  const needed = await neededColumns(source, tables).catch(async (error: unknown) => {
    await requireSound(publication)
    throw error
  })
  const counted = new Set([...needed].filter(([, columns]) => columns.size === 0).map(([table]) => table))
  const columns = [...needed].map(([table, names]) => {
    const one = counted.has(table) ? [leastTelling(table, own(source.tables, table) ?? {})] : []
    return [table, [...names, ...one].sort()] as const
  })
  const schemas = [...new Set([...schemasOf(source), ...Object.values(source.extensions)])]
  return { role, source, schemas, columns: new Map(columns), counted }
}

const texts = (values: readonly string[]): string => `array[${values.map(literal).join(', ')}]::text[]`

/** Named `relation`: all of the database but PostgreSQL's own and those of extensions. */
export const RELATIONS = `relation as (select c.oid, n.oid as schema_id, n.nspname, c.relname, c.relkind, c.relacl, c.relowner
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not exists (select from pg_catalog.pg_depend d
          where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))`

/** The relations, the `wanted` columns, and what is `granted` on each. */
function scopeOf({ columns }: SourceRights): string {
  const pairs = [...columns].flatMap(([table, names]) =>
    [...names, ...ROW_IDENTITY].map((name) => [table, name] as const),
  )
  return `wanted as (select * from unnest(${texts(pairs.map(([table]) => table))}, ${texts(pairs.map(([, name]) => name))}) w (name, attname)),
    ${RELATIONS},
    granted as (select oid, null::name as attname, (aclexplode(relacl)).* from relation
      union all select r.oid, a.attname, (aclexplode(a.attacl)).*
      from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid where a.attacl is not null and not a.attisdropped)`
}

export const WRITES = 'INSERT, UPDATE, DELETE, TRUNCATE'

/** One row, `reason`, for each sign that an application uses the role: revoking its rights would break the application. */
export function unfitness(rights: SourceRights): string {
  const id = roleId(rights.role)
  const some = `count(distinct oid) || ' relations, ' || min(format('%I.%I', nspname, relname)) || ' among them'`
  return `with ${scopeOf(rights)}
    select v.reason from pg_catalog.pg_roles r, lateral (values ('is a superuser', r.rolsuper),
        ('may make roles', r.rolcreaterole), ('may make databases', r.rolcreatedb), ('may replicate', r.rolreplication),
        ('may write all data', pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER')),
        ('owns the database', (select datdba = r.oid from pg_catalog.pg_database where datname = current_database()))
      ) v (reason, holds) where r.rolname = ${literal(rights.role)} and v.holds
    union all select 'owns ' || ${some} from relation where pg_has_role(${id}, relowner, 'MEMBER') having count(*) > 0
    union all select 'may write ' || ${some} from relation join granted g using (oid)
      where g.grantee <> 0 and g.privilege_type = any (string_to_array('${WRITES}', ', ')) and pg_has_role(${id}, g.grantee, 'MEMBER') having count(*) > 0`
}

/**
 * One row, `sql`, for each statement that revokes what the role was given too much; `everybody` adds what PUBLIC has, which
 * others may need.
 */
export function excess(rights: SourceRights, everybody = false): string {
  const { role, source, schemas } = rights
  const known = nameSql(literal(source.schema), 'r.nspname', 'r.relname')
  const [id, name] = [roleId(role), identifier(role)]
  const everyone = everybody ? ", (0::oid, 'public')" : ''
  return `with ${scopeOf(rights)}, holder (grantee, who) as (values (${id}, ${literal(name)})${everyone})
    select format('revoke all on table %I.%I from %s', nspname, relname, who) as sql
    from relation join granted g using (oid) join holder using (grantee) where g.attname is null
    union select format('revoke all (%I) on table %I.%I from %s', g.attname, nspname, relname, who)
    from relation r join granted g using (oid) join holder using (grantee)
    where g.attname is not null and not (g.privilege_type = 'SELECT' and not g.is_grantable
      and exists (select from wanted w where w.name = ${known} and g.attname in (w.attname, 'ctid')))
    union select format('revoke %s on schema %I from %s', a.privilege_type, n.nspname, who)
    from pg_catalog.pg_namespace n, aclexplode(n.nspacl) a join holder using (grantee)
    where n.nspname !~ '^pg_' and (a.privilege_type = 'CREATE' or a.grantee <> 0 and n.nspname <> all (${texts(schemas)}))
    union select format('revoke %s on database %I from %s', a.privilege_type, d.datname, who)
    from pg_catalog.pg_database d, aclexplode(d.datacl) a join holder using (grantee)
    where d.datname = current_database() and (a.privilege_type = 'CREATE' or a.privilege_type = 'TEMPORARY' and a.grantee <> 0)
    union select format('alter default privileges for role %I%s revoke all on %s from %s', pg_get_userbyid(f.defaclrole),
        ' in schema ' || quote_ident(n.nspname), case f.defaclobjtype when 'S' then 'sequences' else 'tables' end, who)
    from pg_catalog.pg_default_acl f left join pg_catalog.pg_namespace n on n.oid = f.defaclnamespace,
      aclexplode(f.defaclacl) a join holder using (grantee) where f.defaclobjtype in ('r', 'S')
    union select format('revoke %I from %I', pg_get_userbyid(m.roleid), ${literal(role)})
    from pg_catalog.pg_auth_members m where m.member = ${id}`
}

/** The grant of one table, and the condition that it is made. */
function readStep(rights: SourceRights, table: string, columns: readonly string[]): Draft {
  const { role, source, counted } = rights
  const [schema, relation] = placeOf(source, table)
  const name = qualified(schema, relation)
  const list = columns.map(identifier).join(', ')
  const why = counted.has(table) ? ': its rows are counted, for which PostgreSQL asks for a column' : ''
  return {
    name: `source-reads-${table}`,
    text: `${role} may read ${name} (${list})${why}.`,
    done: `(select count(*) from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${literal(schema)} and c.relname = ${literal(relation)} and a.attname = any (${texts(columns)})
      and has_column_privilege(${roleId(role)}, c.oid, a.attnum, 'SELECT')) = ${columns.length}`,
    sql: `grant select (${list}) on table ${name} to ${identifier(role)}`,
  }
}

/** System columns that identify a row and its last change. They say nothing about its content. */
const ROW_IDENTITY = ['ctid', 'xmin'] as const

/** The right on those columns. Views do not have them, and the definition does not know which tables are views. */
function rowsStep({ role, source, columns }: SourceRights): Draft {
  const lacking = `select c.oid::regclass as relation from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${nameSql(literal(source.schema))} = any (${texts([...columns.keys()])}) and c.relkind in ('r', 'p', 'm')
      and not (has_column_privilege(${roleId(role)}, c.oid, (-1)::smallint, 'SELECT') and has_column_privilege(${roleId(role)}, c.oid, (-2)::smallint, 'SELECT'))`
  return {
    name: 'source-tells-rows',
    text: `${role} may ask where rows stand (ctid) and which changed (xmin): large tables are read by ranges, and no more than what changed.`,
    done: `not exists (${lacking})`,
    // Without it a table is always read whole, by one statement.
    optional: true,
    sql: block(`declare
  lacking record;
begin
  for lacking in ${lacking} loop
    execute format('grant select (${ROW_IDENTITY.join(', ')}) on table %s to %I', lacking.relation, ${literal(role)});
  end loop;
end`),
  }
}

/** The step that takes away what is too much. */
export const NOTHING_ELSE = 'source-nothing-else'

/** All steps, in the order in which they can be done: what is too much goes first, and with it what shares a grant. */
export function sourceSteps(rights: SourceRights, database: string): readonly Step[] {
  const { role, schemas, columns } = rights
  const [id, name] = [roleId(role), identifier(role)]
  const owners = 'the owner of the tables of the source, or a superuser'
  const uses = schemas.map(
    (schema) => `has_schema_privilege(${id}, to_regnamespace(${literal(identifier(schema))}), 'USAGE')`,
  )
  return [
    ...complete('roles', BY_ROLE_MAKER, roleSteps('source-role', role)),
    ...complete('source', owners, [
      {
        name: NOTHING_ELSE,
        text: `${role} holds no other right, and is a member of no role.`,
        done: `not exists (${excess(rights)})`,
        // The owner may be unable to revoke what a platform granted as another role. Runs work all the same.
        optional: true,
        sql: block(`declare
  statement text;
begin
  for statement in ${excess(rights)} loop
    begin
      execute statement;
    exception when insufficient_privilege or dependent_objects_still_exist then
      raise warning 'left to somebody else: %', statement;
    end;
  end loop;
end`),
      },
      {
        name: 'source-connects',
        text: `${role} may connect.`,
        done: `has_database_privilege(${id}, current_database(), 'CONNECT')`,
        sql: `grant connect on database ${identifier(database)} to ${name}`,
      },
      {
        name: 'source-uses-schema',
        text: `${role} may look into ${schemas.join(', ')}.`,
        done: uses.join(' and '),
        sql: `grant usage on schema ${schemas.map(identifier).join(', ')} to ${name}`,
      },
      ...[...columns].map(([table, names]) => readStep(rights, table, names)),
      rowsStep(rights),
    ]),
  ]
}
