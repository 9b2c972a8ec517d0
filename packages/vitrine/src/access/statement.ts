/**
 * The statements that make roles and schemas and that grant and revoke rights, as text and in one place: provision runs and
 * prints them, and the doctor prints them as repairs. Those of a script look at the database before they act, as `do` blocks,
 * so that the script may be run again. Nothing is sent from here.
 */
import { BOOKKEEPING_SCHEMA, type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { markOf } from '../version/staging.ts'

/** A schema that must exist beforehand when the writer may not create any. */
export interface SchemaToMake {
  readonly name: string
  readonly create: string
  /** The comment that says that the schema is ours to empty; null for the bookkeeping, which is known by its name. */
  readonly mark: string | null
  readonly setMark: string | null
}

export function schemasToMake(publication: Publication): readonly SchemaToMake[] {
  const marks = [
    [stagingSchema(publication), markOf(publication, 'staging')],
    [retiredSchema(publication), markOf(publication, 'retired')],
    [BOOKKEEPING_SCHEMA, null],
  ] as const
  return marks.map(([name, mark]) => ({
    name,
    create: `create schema ${identifier(name)} authorization ${identifier(publication.writer)}`,
    mark,
    setMark: mark === null ? null : `comment on schema ${identifier(name)} is ${literal(mark)}`,
  }))
}

/** Settings that every session of the reader starts with. */
export const readerSettings = ({ limits, schema }: Publication): readonly (readonly [string, string])[] => [
  ['default_transaction_read_only', 'on'],
  ['statement_timeout', String(limits.readerStatementTimeoutMs)],
  ['idle_in_transaction_session_timeout', String(limits.readerIdleTimeoutMs)],
  ['search_path', identifier(schema)],
]

export type Grants = ReturnType<typeof grantsFor>

export function grantsFor(publication: Publication, databaseName: string) {
  const schema = identifier(publication.schema)
  const writer = identifier(publication.writer)
  const reader = identifier(publication.reader)
  const database = identifier(databaseName)
  /** A role that does not exist cannot be named. */
  const others = (readerExists: boolean): string => (readerExists ? `public, ${reader}` : 'public')
  return {
    writerConnects: `grant connect on database ${database} to ${writer}`,
    writerOnDatabase: `grant connect, create on database ${database} to ${writer}`,
    readerOnDatabase: `grant connect on database ${database} to ${reader}`,
    closeDatabase: (readerExists = true) =>
      `revoke temporary, create on database ${database} from ${others(readerExists)}`,
    closePublicSchema: (readerExists = true) => `revoke create on schema public from ${others(readerExists)}`,
    createSchema: `create schema ${schema} authorization ${writer}`,
    ownSchema: `alter schema ${schema} owner to ${writer}`,
    readerOnSchema: `grant usage on schema ${schema} to ${reader}`,
    /** On the relations named, or on all of the schema when none is. */
    readerOnRelations: (names: readonly string[]) => {
      const named = names.map((name) => qualified(publication.schema, name)).join(', ')
      return `grant select on ${names.length === 0 ? `all tables in schema ${schema}` : named} to ${reader}`
    },
    readerByDefault: `alter default privileges for role ${writer} in schema ${schema} grant select on tables to ${reader}`,
    /** In this database only: elsewhere the role of the reader is not our affair. */
    readerSettings: readerSettings(publication).map(
      ([name, value]) => `alter role ${reader} in database ${database} set ${name} = ${value}`,
    ),
  }
}

/** Since PostgreSQL 16, membership alone does not allow `set role`. True for a superuser and for oneself. */
export const assumableSql = (oid: string): string =>
  `pg_has_role(current_user, ${oid}, case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end)`

/** The tag keeps the block apart from any `$$` in a name. */
const block = (body: string): string => `do $vitrine$\n${body}\n$vitrine$;`

const when = (condition: string, ...statements: readonly string[]): string =>
  block(`begin\n  if ${condition} then\n    ${statements.join(';\n    ')};\n  end if;\nend`)

const roleId = (name: string): string => `(select oid from pg_catalog.pg_roles where rolname = ${literal(name)})`

const schemaExists = (name: string): string =>
  `exists (select from pg_catalog.pg_namespace where nspname = ${literal(name)})`

/** Rights granted in another database by mistake would go unnoticed, because the statements succeed anywhere. */
export function onlyInDatabase(database: string): string {
  // A percent sign stands for a value in the format of RAISE.
  const text = literal(`this is database %, connect to ${database.replaceAll('%', '%%')}`)
  return when(`current_database() <> ${literal(database)}`, `raise exception ${text}, current_database()`)
}

export const makeRole = (role: string): string =>
  block(`declare
  role_name constant text := ${literal(role)};
  role_password constant text := ${literal(`<password of ${role}>`)};
begin
  if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
    if role_password like '<password of %' then
      raise exception 'write a password in place of %', role_password;
    end if;
    execute format('create role %I login password %L', role_name, role_password);
  elsif not (select rolcanlogin from pg_catalog.pg_roles where rolname = role_name) then
    execute format('alter role %I login', role_name);
  end if;
end`)

export const closePublicSchema = (grants: Grants): string => when(schemaExists('public'), grants.closePublicSchema())

/** Made by the writer itself or, where it may not create schemas, by whoever runs the script. */
export function makePublishedSchema(publication: Publication, grants: Grants, writerCreates: boolean): string {
  const { schema, writer } = publication
  const create = when(`not ${schemaExists(schema)}`, grants.createSchema)
  const owner = `(select nspowner from pg_catalog.pg_namespace where nspname = ${literal(schema)})`
  const hand = when(`${owner} <> ${roleId(writer)}`, grants.ownSchema)
  return `${writerCreates ? asWriter(publication, create) : create}\n${hand}`
}

export const makeSchema = ({ name, create, setMark }: SchemaToMake): string =>
  when(`not ${schemaExists(name)}`, create, ...(setMark === null ? [] : [setMark]))

export const openRelations = ({ schema, writer, reader }: Publication): string =>
  block(`declare
  relation regclass;
begin
  for relation in
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${literal(schema)} and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relowner = ${roleId(writer)}
  loop
    execute format('grant select on %s to %I', relation, ${literal(reader)});
  end loop;
end`)

/**
 * Statements that need membership in the writer, which is revoked at the end. A role with CREATEROLE that is no superuser
 * needs it, since PostgreSQL 16 even in the roles that it made itself.
 */
export function asMember({ writer: name }: Publication, statements: readonly string[]): readonly string[] {
  const writer = literal(name)
  const borrow = [
    `execute format('grant %I to %I', ${writer}, current_user)`,
    "perform set_config('vitrine.membership', 'lent', true)",
  ]
  return [
    when(`not ${assumableSql(roleId(name))}`, ...borrow),
    ...statements,
    when(
      "current_setting('vitrine.membership', true) = 'lent'",
      `execute format('revoke %I from %I', ${writer}, current_user)`,
    ),
  ]
}

/** What the writer makes belongs to it. */
export const asWriter = ({ writer }: Publication, sql: string): string =>
  `set local role ${identifier(writer)};\n${sql}\nreset role;`
