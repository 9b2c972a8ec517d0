/**
 * The rights that belong to what the switch replaces, on the schema, on tables and columns, by default: as statements that
 * give them to the next version and take them from the one that leaves. Statistics and the information schema show a table to
 * whoever has a right on it, wherever it stands, so nothing but the published version has any, except for the moment that
 * `listed.ts` describes. Read for `carry.ts`.
 */
import type { Problem } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import type { RecordedVersion, TableRight, VersionContent } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { announcedRights, losingTables, readColumns, stayingRights } from './listed.ts'

/** `name` is the table, or the role that gives by default. */
interface Right extends TableRight {
  readonly kind: 'schema' | 'table' | 'default'
  /** What is given by default: tables, sequences … */
  readonly objects: string | null
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
  /**
   * Committed before the switch, on what is published under the same name already: lets the information schema know the next
   * version, and nobody read it, nor its statistics. A session may ask for rights that it remembers from before the commit.
   */
  readonly announcing: readonly string[]
  /** On the tables and views of the next version, under the names that they have before the switch. */
  readonly opening: readonly string[]
  /** Takes away, from what has left for a schema, the rights on what is not published any more. */
  readonly withdrawing: (left: string) => readonly string[]
  /** Takes every right of others away from the schema that leaves and from that which comes, under their names of before the switch. */
  readonly closingSchema: readonly string[]
  readonly schema: readonly string[]
  readonly defaults: readonly string[]
  /** What the tables and views that leave lose soon after, recorded with the version for a rollback. */
  readonly taken: readonly TableRight[]
  readonly problems: readonly Problem[]
}

/**
 * `schema` is where the next version stands, `outgoing` names what leaves. A table or a column that only a version that comes
 * back has gets the rights that were recorded with it.
 */
export async function carriedRights(
  { session, publication }: Target,
  schema: string,
  outgoing: readonly string[],
  next: VersionContent,
  comingBack: RecordedVersion | null,
): Promise<CarriedRights> {
  const published = identifier(publication.schema)
  const names = [...next.shapes.map(({ name }) => name), ...next.views]
  const rights = await session.query<Right>(RIGHTS, [publication.schema, [...outgoing, ...names]])
  const of = (kind: Right['kind']) => rights.filter((right) => right.kind === kind)
  const former = await session.query<Right>(RIGHTS, [schema, []])
  const live = of('table')
  const taken = live.filter(({ name }) => outgoing.includes(name))
  const recorded = await returning(session, publication.schema, comingBack?.rights ?? [])
  const given = await withReader({ session, publication }, names, next, [...live, ...recorded])
  const columns = await readColumns(session, publication.schema, schema)
  const announced = announcedRights(columns, live, given)
  const announcedOn = [...new Set(announced.map(({ name }) => qualified(schema, name)))].join(', ')
  const losing = losingTables(columns).filter((name) => outgoing.includes(name))
  const onLosing = taken.filter(({ name }) => losing.includes(name))
  return {
    announcing: grants(announced, schema),
    opening: [...revokes(announcedOn, announced), ...grants(given, schema)],
    withdrawing: (left) => [
      ...revokes(losing.map((name) => qualified(left, name)).join(', '), onLosing),
      ...grants(stayingRights(columns, onLosing), left),
    ],
    closingSchema: [...revokes(`schema ${published}`, of('schema')), ...formerRights(former, schema)],
    schema: of('schema').map((right) => grant(right, `${right.privilege} on schema ${published}`)),
    // They belong to the schema object, so that a new schema has none.
    defaults: of('default')
      .filter(({ owned }) => owned)
      .map((right) => byDefault(right, published, grant(right, `${right.privilege} on ${right.objects}`))),
    taken,
    problems: [
      ...foreignDefaults(of('default'), publication.schema, publication.writer),
      ...foreignDefaults(former, schema, publication.writer),
    ],
  }
}

/**
 * A schema that was published before has still the default privileges of then, and what somebody gave on it since: those of the
 * published one take their place.
 */
function formerRights(former: readonly Right[], schema: string): readonly string[] {
  const own = former.filter(({ owned }) => owned)
  const given = own.filter(({ kind }) => kind === 'schema')
  const taken = own
    .filter(({ kind }) => kind === 'default')
    .map((right) => byDefault(right, identifier(schema), `revoke all on ${right.objects} from ${right.grantee}`))
  return [...revokes(`schema ${identifier(schema)}`, given), ...new Set(taken)]
}

/** Of the rights recorded with a version, those on what the published one lacks, for roles that still exist. */
const returning = (session: Session, schema: string, rights: readonly TableRight[]): Promise<TableRight[]> =>
  session.query<TableRight>(
    `select r.name, r."column", r.privilege, r.grantee, r.grantable
     from jsonb_to_recordset($2) r (name text, "column" text, privilege text, grantee text, grantable boolean)
     left join pg_catalog.pg_class c on c.relname = r.name and c.relnamespace = to_regnamespace(quote_ident($1))
     where (c.oid is null or (r."column" is not null and not exists (
              select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = r."column" and not a.attisdropped)))
       and (r.grantee = 'public' or exists (select from pg_catalog.pg_roles where quote_ident(rolname) = r.grantee))`,
    [schema, JSON.stringify(rights)],
  )

/**
 * What the next version still has of the rights, and what the reader needs: it reads every table, and the information schema
 * shows primary keys only to whoever has a right to refer to them.
 */
async function withReader(
  { session, publication }: Target,
  names: readonly string[],
  { shapes }: VersionContent,
  rights: readonly TableRight[],
): Promise<readonly TableRight[]> {
  const [reader] = await session.query<{ name: string }>(
    'select quote_ident(rolname) as name from pg_catalog.pg_roles where rolname = $1',
    [publication.reader],
  )
  const columns = new Map(shapes.map((shape) => [shape.name, shape.columns.map(({ name }) => name)]))
  const kept = rights.filter(
    ({ name, column }) => names.includes(name) && (column === null || columns.get(name)?.includes(column) === true),
  )
  if (reader === undefined) return kept
  const own = kept.filter(({ grantee }) => grantee === reader.name)
  const right = (name: string, column: string | null, privilege: string) =>
    own.some((had) => had.name === name && had.privilege === privilege && (column === null || had.column === column))
      ? []
      : [{ name, column, privilege, grantee: reader.name, grantable: false }]
  return [
    ...kept,
    ...names.flatMap((name) => right(name, null, 'select')),
    ...shapes.flatMap(({ name, constraints }) =>
      constraints
        .filter(({ kind }) => kind === 'primary key')
        .flatMap((key) => key.columns.flatMap((column) => right(name, column, 'references'))),
    ),
  ]
}

const grant = ({ grantee, grantable }: TableRight, what: string): string =>
  `grant ${what} to ${grantee}${grantable ? ' with grant option' : ''}`

/** One statement for all tables that somebody has the same right on. */
function grants(rights: readonly TableRight[], schema: string): readonly string[] {
  const groups = new Map<string, TableRight[]>()
  for (const right of rights) {
    const key = JSON.stringify({ ...right, name: '' })
    groups.set(key, [...(groups.get(key) ?? []), right])
  }
  return [...groups.values()].flatMap((group) => {
    const [right] = group
    if (right === undefined) return []
    const what = `${right.privilege}${right.column === null ? '' : ` (${identifier(right.column)})`}`
    return grant(right, `${what} on ${group.map(({ name }) => qualified(schema, name)).join(', ')}`)
  })
}

/** Also what somebody who got a right to give has given. */
const revokes = (what: string, rights: readonly { readonly grantee: string }[]): readonly string[] =>
  rights.length === 0
    ? []
    : [`revoke all on ${what} from ${[...new Set(rights.map(({ grantee }) => grantee))].join(', ')} cascade`]

/**
 * Takes away what default privileges have given on new relations, in the transaction that makes them, before anybody sees it;
 * everybody has a right on the row type of every new relation.
 */
export async function closeRelations(session: Session, schema: string, names: readonly string[]): Promise<void> {
  const given = await session.query<{ grantee: string }>(
    `select coalesce(quote_ident(r.rolname), 'public') as grantee
     from pg_catalog.pg_class c cross join lateral aclexplode(c.relacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where c.relnamespace = to_regnamespace($1) and c.relname = any ($2) and a.grantee <> c.relowner`,
    [identifier(schema), [...names]],
  )
  const all = names.map((name) => qualified(schema, name)).join(', ')
  await session.execute([...revokes(all, given), `revoke all on type ${all} from public`].join('; '))
}

/**
 * Takes every right of others away from the work schemas named and from all in them. The switch took those on the schema
 * alone: listings that began before it, and readers between their look-up and their first row, would have been refused.
 * Returns whether there were any.
 */
export async function closeSchemas(session: Session, schemas: readonly string[]): Promise<boolean> {
  const rights = await session.query<{ schema: string; name: string | null; grantee: string }>(
    `with here as (select * from pg_catalog.pg_namespace where nspname = any ($1)),
     relations as (select c.*, nspname from here join pg_catalog.pg_class c on c.relnamespace = here.oid)
     select distinct o.schema, o.name, coalesce(quote_ident(r.rolname), 'public') as grantee
     from (select nspname as schema, null::name as name, nspowner as owner, nspacl as acl from here
           union all select nspname, relname, relowner, relacl from relations
           union all select nspname, relname, relowner, t.attacl from relations join pg_catalog.pg_attribute t on t.attrelid = relations.oid) o
     cross join lateral aclexplode(o.acl) a left join pg_catalog.pg_roles r on r.oid = a.grantee
     where a.grantee <> o.owner and pg_has_role(current_user, o.owner, 'usage')`,
    [[...schemas]],
  )
  for (const { schema, name, grantee } of rights) {
    const what = name === null ? `schema ${identifier(schema)}` : qualified(schema, name)
    await session.execute(revokes(what, [{ grantee }]).join())
  }
  return rights.length > 0
}

const byDefault = ({ name }: Right, schema: string, what: string): string =>
  `alter default privileges for role ${identifier(name)} in schema ${schema} ${what}`

const foreignDefaults = (rights: readonly Right[], schema: string, writer: string): readonly Problem[] =>
  rights
    .filter(({ kind, owned }) => kind === 'default' && !owned)
    .map((right) => {
      const { name, privilege, objects, grantee } = right
      const revoke = byDefault(right, identifier(schema), `revoke ${privilege} on ${objects} from ${grantee}`)
      return {
        place: `default privileges of ${name} in ${schema}`,
        detail: `${privilege} on ${objects} to ${grantee}: only ${name} can give it to the next version, whose tables belong to ${writer}`,
        remedy: `as ${name} or a superuser: ${revoke}`,
      }
    })
