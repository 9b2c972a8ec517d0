/**
 * The steps of provision, as one list of data: what a publication needs of roles and rights on its target. Each step says in
 * a sentence what it is, on what condition it is done, which SQL brings it about, and who may run that. Pure: provision, its
 * script and the doctor are made from this list.
 */
import { BOOKKEEPING_SCHEMA, type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier, literal } from '../sql/quote.ts'
import { stagingMark } from '../version/staging.ts'
import { grantsFor, openRelations, readerSettings, roleId } from './statement.ts'

/** The steps of one part need the same rights of whoever does them. */
export type ProvisionPart = 'roles' | 'database' | 'schema' | 'settings' | 'source'

export interface Step {
  /** Stable, for scripts. */
  readonly name: string
  readonly part: ProvisionPart
  readonly text: string
  /** A condition in SQL on the target's catalogue. NULL counts as not done. */
  readonly done: string
  /** Statements separated by semicolons. A password stands as `'<password>'`. */
  readonly sql: string
  /** Who may do it. */
  readonly by: string
  /** Whom the statement must run as: what the writer makes belongs to it. */
  readonly as: 'session' | 'writer'
  /** The role whose password stands in the statement. */
  readonly password: string | null
  /** True when neither a run nor a reader needs it: if only the database's owner can do it, that is a warning, not a failure. */
  readonly optional: boolean
}

/** Stands for a password in every statement that is shown. */
export const PASSWORD_PLACEHOLDER = "'<password>'"

/** Where the steps are done. */
export interface StepPlace {
  readonly database: string
  /** Null while no database is asked. */
  readonly owner: string | null
  /** The writer is not granted the right to create schemas, and finds those that it needs. */
  readonly withoutCreate: boolean
}

export type Draft = Pick<Step, 'name' | 'text' | 'done' | 'sql'> & Partial<Step>

const schemaWhere = (name: string, condition = 'true'): string =>
  `exists (select from pg_catalog.pg_namespace n where n.nspname = ${literal(name)} and ${condition})`

/** Condition: a role of a list of OIDs was granted one of the privileges directly, not through a group or as a superuser. */
const granted = (acl: string, privileges: string, oids: string): string =>
  `exists (select from aclexplode(${acl}) a where a.privilege_type in (${privileges}) and a.grantee in (${oids}))`

/** What a run would create, made beforehand for a writer that may not. The bookkeeping is known by its name alone. */
export function workSchemas(publication: Publication): readonly (Draft & { readonly schema: string })[] {
  const marks = [
    [stagingSchema(publication), stagingMark(publication, 'staging')],
    [retiredSchema(publication), stagingMark(publication, 'retired')],
    [BOOKKEEPING_SCHEMA, null],
  ] as const
  return marks.map(([name, mark]) => {
    const create = `create schema ${identifier(name)} authorization ${identifier(publication.writer)}`
    const marked = mark === null ? '' : ` and obj_description(n.oid, 'pg_namespace') = ${literal(mark)}`
    return {
      schema: name,
      name: `schema-${name}`,
      text: `The schema ${name}, which the writer may not create, exists and belongs to it.`,
      done: schemaWhere(name, `n.nspowner = ${roleId(publication.writer)}${marked}`),
      sql: mark === null ? create : `${create}; comment on schema ${identifier(name)} is ${literal(mark)}`,
    }
  })
}

/** A role that logs in, named after what it is for. */
export function roleSteps(kind: string, name: string): readonly Draft[] {
  const where = (condition: string) =>
    `exists (select from pg_catalog.pg_roles where rolname = ${literal(name)} and ${condition})`
  const role = identifier(name)
  return [
    {
      name: `${kind}-exists`,
      text: `The ${kind} ${name} exists.`,
      done: where('true'),
      sql: `create role ${role} login password ${PASSWORD_PLACEHOLDER}`,
      password: name,
    },
    {
      name: `${kind}-logs-in`,
      text: `The ${kind} ${name} may log in.`,
      done: `not ${where('not rolcanlogin')}`,
      sql: `alter role ${role} login`,
    },
  ]
}

type Grants = ReturnType<typeof grantsFor>

/** Revocations come first: a right of PUBLIC must not count as the writer's and then be revoked. */
function databaseSteps({ writer, reader }: Publication, grants: Grants, withoutCreate: boolean): readonly Draft[] {
  const others = `0, ${roleId(reader)}`
  const has = (role: string, privilege: string) =>
    `has_database_privilege(${roleId(role)}, current_database(), '${privilege}')`
  const open = granted("coalesce(d.datacl, acldefault('d', d.datdba))", "'CREATE', 'TEMPORARY'", others)
  return [
    {
      name: 'database-closed',
      text: 'Nobody else creates schemas or temporary tables.',
      done: `not exists (select from pg_catalog.pg_database d where d.datname = current_database() and ${open})`,
      sql: grants.closeDatabase(),
      optional: true,
    },
    {
      name: 'public-closed',
      text: 'Nobody creates objects in the schema public by default.',
      done: `not ${schemaWhere('public', granted("coalesce(n.nspacl, acldefault('n', n.nspowner))", "'CREATE'", others))}`,
      sql: grants.closePublicSchema(),
      optional: true,
    },
    withoutCreate
      ? {
          name: 'writer-connects',
          text: 'The writer may connect.',
          done: has(writer, 'CONNECT'),
          sql: grants.writerConnects,
        }
      : {
          name: 'writer-connects',
          text: 'The writer may connect, and create the schema of the next version.',
          done: `${has(writer, 'CONNECT')} and ${has(writer, 'CREATE')}`,
          sql: grants.writerOnDatabase,
        },
    {
      name: 'reader-connects',
      text: 'The reader may connect.',
      done: has(reader, 'CONNECT'),
      sql: grants.readerOnDatabase,
    },
  ]
}

function schemaSteps(
  publication: Publication,
  grants: Grants,
  withoutCreate: boolean,
  byOwner: string,
): readonly Draft[] {
  const { schema, writer, reader } = publication
  const readerHas = (acl: string, privilege: string) => granted(acl, `'${privilege}'`, roleId(reader))
  const closed = `from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${literal(schema)} and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relowner = ${roleId(writer)}
      and not ${readerHas('c.relacl', 'SELECT')}`
  const byDefault = `f.defaclobjtype = 'r' and f.defaclrole = ${roleId(writer)} and ${readerHas('f.defaclacl', 'SELECT')}`
  const exists = `The schema ${schema} exists.`
  return [
    {
      name: 'schema-exists',
      text: exists,
      done: schemaWhere(schema),
      sql: grants.createSchema,
      ...(withoutCreate ? { by: byOwner } : { as: 'writer' }),
    },
    ...(withoutCreate ? workSchemas(publication).map(({ schema: _, ...draft }) => ({ ...draft, by: byOwner })) : []),
    {
      name: 'schema-owner',
      text: `The schema ${schema} belongs to the writer, who alone may rename it.`,
      done: schemaWhere(schema, `n.nspowner = ${roleId(writer)}`),
      sql: grants.ownSchema,
    },
    {
      name: 'reader-uses-schema',
      text: 'The reader may look into the schema.',
      done: schemaWhere(schema, readerHas('n.nspacl', 'USAGE')),
      sql: grants.readerOnSchema,
      as: 'writer',
    },
    {
      name: 'reader-reads',
      text: 'The reader may read every table of the writer in it.',
      done: `not exists (select ${closed})`,
      sql: openRelations(publication, closed),
      as: 'writer',
    },
    {
      name: 'default-privileges',
      text: 'A table that the writer adds is readable by the reader from the start.',
      done: schemaWhere(
        schema,
        `exists (select from pg_catalog.pg_default_acl f where f.defaclnamespace = n.oid and ${byDefault})`,
      ),
      sql: grants.readerByDefault,
      as: 'writer',
    },
  ]
}

/** Settings in one database win over the role's (database 0). */
function settingsStep(publication: Publication, grants: Grants): Draft {
  const stored = (name: string, value: string) =>
    name === 'search_path' ? `quote_ident(${literal(publication.schema)})` : literal(value)
  const wanted = readerSettings(publication).map(([name, value]) => `(${literal(name)}, ${stored(name, value)})`)
  return {
    name: 'reader-settings',
    text: 'Sessions of the reader are read-only, limited in time, and look into the schema.',
    done: `not exists (select from (values ${wanted.join(', ')}) w (name, value) where w.value is distinct from (
      select substr(c, strpos(c, '=') + 1) from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c
      where s.setrole = ${roleId(publication.reader)} and split_part(c, '=', 1) = w.name
        and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
      order by s.setdatabase desc limit 1))`,
    sql: grants.readerSettings.join(';\n'),
  }
}

export const BY_ROLE_MAKER = 'a superuser, or a role that may make roles (CREATEROLE)'

export const complete = (part: ProvisionPart, by: string, drafts: readonly Draft[]): readonly Step[] =>
  drafts.map((draft) => ({ part, by, as: 'session', password: null, optional: false, ...draft }))

/** All steps, in the order in which they can be done. */
export function stepsFor(publication: Publication, { database, owner, withoutCreate }: StepPlace): readonly Step[] {
  const { writer, reader } = publication
  const grants = grantsFor(publication, database)
  const byOwner = `the owner of the database${owner === null ? '' : ` (${owner})`}, or a superuser`
  return [
    ...complete('roles', BY_ROLE_MAKER, [...roleSteps('writer', writer), ...roleSteps('reader', reader)]),
    ...complete('database', byOwner, databaseSteps(publication, grants, withoutCreate)),
    ...complete('schema', `${writer}, or a superuser`, schemaSteps(publication, grants, withoutCreate, byOwner)),
    ...complete('settings', `a superuser, a role with CREATEROLE, or ${reader} itself`, [
      settingsStep(publication, grants),
    ]),
  ]
}
