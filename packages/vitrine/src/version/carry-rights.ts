/**
 * The rights that belong to what the switch replaces, as statements that give them again: on the schema, on tables and
 * columns, by default. Read for `carry.ts`.
 */

import type { Problem } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { Incoming } from './change.ts'

interface Grant {
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
  readonly table: string
  readonly column: string | null
}

const role = (name: string): string => (name === 'PUBLIC' ? 'public' : identifier(name))
const option = (grantable: boolean): string => (grantable ? ' with grant option' : '')

export interface SchemaRights {
  readonly grants: readonly string[]
  readonly comment: string | null
}

/** Grants and comment of the published schema. */
export async function schemaRights({ session, publication }: Target): Promise<SchemaRights> {
  const { schema } = publication
  const grants = await session.query<Grant>(
    `select coalesce(r.rolname, 'PUBLIC') as grantee, a.privilege_type as privilege, a.is_grantable as grantable,
            '' as table, null as column
     from pg_catalog.pg_namespace n cross join lateral aclexplode(n.nspacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and a.grantee <> n.nspowner order by 1, 2`,
    [schema],
  )
  const [described] = await session.query<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_catalog.pg_namespace where nspname = $1",
    [schema],
  )
  return {
    grants: grants.map(
      ({ privilege, grantee, grantable }) =>
        `grant ${privilege.toLowerCase()} on schema ${identifier(schema)} to ${role(grantee)}${option(grantable)}`,
    ),
    comment: described?.comment ?? null,
  }
}

/** The statements that give the grants on our published tables again to those of the next version. */
export async function tableGrants(target: Target, incoming: Incoming): Promise<readonly string[]> {
  const grants = await grantsOnTables(target, incoming)
  return grants.map(
    ({ table, column, privilege, grantee, grantable }) =>
      `grant ${privilege.toLowerCase()}${column === null ? '' : ` (${identifier(column)})`} on ${qualified(incoming.schema, table)} to ${role(grantee)}${option(grantable)}`,
  )
}

/** Grants on tables and columns of ours to others than their owner, for what the next version still has. */
async function grantsOnTables(
  { session, publication }: Target,
  { shapes, views }: Incoming,
): Promise<readonly Grant[]> {
  const names = [...shapes.map(({ name }) => name), ...views]
  const rows = await session.query<Grant>(
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
    [publication.schema, names],
  )
  const columns = new Map(shapes.map((shape) => [shape.name, new Set(shape.columns.map(({ name }) => name))]))
  const kept = rows.filter(({ table, column }) => column === null || columns.get(table)?.has(column) === true)
  const readable = new Set(
    kept
      .filter(({ grantee, privilege }) => grantee === publication.reader && privilege === 'SELECT')
      .map(({ table }) => table),
  )
  const [reader] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [publication.reader])
  if (reader === undefined) return kept
  const missing = names.filter((name) => !readable.has(name))
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

interface DefaultPrivilege {
  readonly owner: string
  readonly owned: boolean
  readonly kind: string
  readonly privilege: string
  readonly grantee: string
  readonly grantable: boolean
}

/** Default privileges belong to the schema object, so a new schema has none. Those of roles that we may not act for are problems. */
export async function defaultPrivileges(
  { session, publication }: Target,
  problems: Problem[],
): Promise<readonly string[]> {
  const { schema, writer } = publication
  const kinds =
    "(case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' end)"
  const rows = await session.query<DefaultPrivilege>(
    `select o.rolname as owner, pg_has_role(current_user, d.defaclrole, 'usage') as owned, ${kinds} as kind,
            a.privilege_type as privilege, coalesce(r.rolname, 'PUBLIC') as grantee, a.is_grantable as grantable
     from pg_catalog.pg_default_acl d join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
     join pg_catalog.pg_roles o on o.oid = d.defaclrole
     cross join lateral aclexplode(d.defaclacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where n.nspname = $1 and a.grantee <> d.defaclrole
     order by o.rolname, kind, grantee, privilege`,
    [schema],
  )
  const statement = ({ owner }: DefaultPrivilege, what: string) =>
    `alter default privileges for role ${identifier(owner)} in schema ${identifier(schema)} ${what}`
  for (const row of rows.filter(({ owned }) => !owned)) {
    const { owner, privilege, kind, grantee } = row
    problems.push({
      place: `default privileges of ${owner} in ${schema}`,
      detail: `${privilege.toLowerCase()} on ${kind} to ${grantee}: only ${owner} can give it to the next version, whose tables belong to ${writer}`,
      remedy: `as ${owner} or a superuser: ${statement(row, `revoke ${privilege.toLowerCase()} on ${kind} from ${role(grantee)}`)}`,
    })
  }
  return rows
    .filter(({ owned }) => owned)
    .map((row) => {
      const { privilege, kind, grantee, grantable } = row
      return statement(row, `grant ${privilege.toLowerCase()} on ${kind} to ${role(grantee)}${option(grantable)}`)
    })
}
