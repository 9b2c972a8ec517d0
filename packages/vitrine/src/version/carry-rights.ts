/**
 * The rights that belong to what the switch replaces, as statements that give them again: on the schema, on tables and
 * columns, by default. Read for `carry.ts`.
 */
import type { Problem } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { VersionContent } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'

interface Right {
  readonly kind: 'schema' | 'table' | 'default'
  /** The table, or the role that gives by default. */
  readonly name: string
  readonly column: string | null
  /** What is given by default: tables, sequences … */
  readonly objects: string | null
  readonly privilege: string
  readonly grantee: string
  readonly grantable: boolean
  /** The session may act as the role that gives. */
  readonly owned: boolean
}

/** Every right that somebody other than the owner has on the schema, on a table of it, on a column, or by default. */
const RIGHTS = `
  with here as (select * from pg_catalog.pg_namespace where nspname = $1),
  tables as (select * from pg_catalog.pg_class where relnamespace = (select oid from here) and relname = any ($2)),
  given as (
    select 'schema' as kind, nspname as name, null::name as "column", null as objects, nspowner as owner, a.* from here, aclexplode(nspacl) a
    union all
    select 'table', relname, null, null, relowner, a.* from tables, aclexplode(relacl) a
    union all
    select 'table', relname, t.attname, null, relowner, a.*
    from tables join pg_catalog.pg_attribute t on t.attrelid = tables.oid and t.attnum > 0 and not t.attisdropped, aclexplode(t.attacl) a
    union all
    select 'default', rolname, null, case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' else 'types' end,
           d.defaclrole, a.*
    from pg_catalog.pg_default_acl d join pg_catalog.pg_roles o on o.oid = d.defaclrole, aclexplode(d.defaclacl) a
    where d.defaclnamespace = (select oid from here)
  )
  select kind, given.name, "column", objects, lower(privilege_type) as privilege, is_grantable as grantable,
         coalesce(quote_ident(r.rolname), 'public') as grantee, pg_has_role(current_user, owner, 'usage') as owned
  from given left join pg_catalog.pg_roles r on r.oid = grantee
  where grantee <> owner order by 1, 2, 4, 3 nulls first, 7, 5`

export interface CarriedRights {
  /** On the staged tables, for what the next version still has; the reader reads every table. */
  readonly tables: readonly string[]
  readonly schema: readonly string[]
  readonly defaults: readonly string[]
  readonly problems: readonly Problem[]
}

/** `schema` is where the next version stands. */
export async function carriedRights(
  { session, publication }: Target,
  schema: string,
  { shapes, views }: VersionContent,
): Promise<CarriedRights> {
  const published = identifier(publication.schema)
  const names = [...shapes.map(({ name }) => name), ...views]
  const rights = await session.query<Right>(RIGHTS, [publication.schema, names])
  const of = (kind: Right['kind']) => rights.filter((right) => right.kind === kind)
  const [reader] = await session.query<{ name: string }>(
    'select quote_ident(rolname) as name from pg_catalog.pg_roles where rolname = $1',
    [publication.reader],
  )
  const isKept = ({ name, column }: Right) =>
    column === null ||
    shapes.some((shape) => shape.name === name && shape.columns.some((found) => found.name === column))
  const kept = of('table').filter(isKept)
  const reads = new Set(
    kept.filter(({ grantee, privilege }) => grantee === reader?.name && privilege === 'select').map(({ name }) => name),
  )
  const unread = reader === undefined ? [] : names.filter((name) => !reads.has(name))
  return {
    tables: [
      ...kept.map((right) => {
        const columns = right.column === null ? '' : ` (${identifier(right.column)})`
        return grant(right, `${right.privilege}${columns} on ${qualified(schema, right.name)}`)
      }),
      ...unread.map((name) => `grant select on ${qualified(schema, name)} to ${reader?.name}`),
    ],
    schema: of('schema').map((right) => grant(right, `${right.privilege} on schema ${published}`)),
    // They belong to the schema object, so that a new schema has none.
    defaults: of('default')
      .filter(({ owned }) => owned)
      .map((right) => byDefault(right, published, grant(right, `${right.privilege} on ${right.objects}`))),
    problems: of('default')
      .filter(({ owned }) => !owned)
      .map((right) => foreignDefault(right, publication)),
  }
}

const grant = ({ grantee, grantable }: Right, what: string): string =>
  `grant ${what} to ${grantee}${grantable ? ' with grant option' : ''}`

const byDefault = ({ name }: Right, schema: string, what: string): string =>
  `alter default privileges for role ${identifier(name)} in schema ${schema} ${what}`

function foreignDefault(right: Right, { schema, writer }: Target['publication']): Problem {
  const { name, privilege, objects, grantee } = right
  const revoke = byDefault(right, identifier(schema), `revoke ${privilege} on ${objects} from ${grantee}`)
  return {
    place: `default privileges of ${name} in ${schema}`,
    detail: `${privilege} on ${objects} to ${grantee}: only ${name} can give it to the next version, whose tables belong to ${writer}`,
    remedy: `as ${name} or a superuser: ${revoke}`,
  }
}
