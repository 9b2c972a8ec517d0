/**
 * The statements that make roles and schemas and that grant and revoke rights, as text and in one place: provision runs and
 * prints them, and the doctor prints them as repairs. Nothing is sent from here.
 */
import type { Publication } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

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
  return {
    writerConnects: `grant connect on database ${database} to ${writer}`,
    writerOnDatabase: `grant connect, create on database ${database} to ${writer}`,
    readerOnDatabase: `grant connect on database ${database} to ${reader}`,
    closeDatabase: () => `revoke temporary, create on database ${database} from public, ${reader}`,
    closePublicSchema: () => `revoke create on schema public from public, ${reader}`,
    createSchema: `create schema ${schema} authorization ${writer}`,
    ownSchema: `alter schema ${schema} owner to ${writer}`,
    readerOnSchema: `grant usage on schema ${schema} to ${reader}`,
    readerOnRelations: (names: readonly string[]) =>
      `grant select on ${names.map((name) => qualified(publication.schema, name)).join(', ')} to ${reader}`,
    readerByDefault: `alter default privileges for role ${writer} in schema ${schema} grant select on tables to ${reader}`,
    /** Only in this database: elsewhere, the reader's role is not ours. */
    readerSettings: readerSettings(publication).map(
      ([name, value]) => `alter role ${reader} in database ${database} set ${name} = ${value}`,
    ),
  }
}

export const roleId = (name: string): string => `(select oid from pg_catalog.pg_roles where rolname = ${literal(name)})`

/** The tag protects against a `$$` in a name. */
export const block = (body: string): string => `do $vitrine$\n${body}\n$vitrine$`

export const when = (condition: string, ...statements: readonly string[]): string =>
  `${block(`begin\n  if ${condition} then\n    ${statements.join(';\n    ')};\n  end if;\nend`)};`

/** Rights granted in another database by mistake would go unnoticed, because the statements succeed anywhere. */
export function onlyInDatabase(database: string): string {
  // A percent sign stands for a value in the format of RAISE.
  const text = literal(`this is database %, connect to ${database.replaceAll('%', '%%')}`)
  return when(`current_database() <> ${literal(database)}`, `raise exception ${text}, current_database()`)
}

/** For a script: refuses to make a role before somebody has written its password. */
export const makeRole = (role: string): string =>
  `${block(`declare
  role_name constant text := ${literal(role)};
  role_password constant text := ${literal(`<password of ${role}>`)};
begin
  if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
    if role_password like '<password of %' then
      raise exception 'write a password in place of %', role_password;
    end if;
    execute format('create role %I login password %L', role_name, role_password);
  end if;
end`)};`

/** Grants what a condition on `c`, a relation of the writer, finds. Those of other roles are theirs to share. */
export const openRelations = ({ reader }: Publication, relations: string): string =>
  block(`declare
  relation regclass;
begin
  for relation in select c.oid ${relations} loop
    execute format('grant select on %s to %I', relation, ${literal(reader)});
  end loop;
end`)

/**
 * Begins and ends statements that need membership in the writer. A role with CREATEROLE that is no superuser needs it, since
 * PostgreSQL 16 even in the roles that it made itself, where membership alone does not allow `set role`.
 */
export function membership({ writer: name }: Publication): { readonly borrow: string; readonly giveBack: string } {
  const writer = literal(name)
  const assumable = `pg_has_role(current_user, ${roleId(name)}, case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end)`
  return {
    borrow: when(
      `not ${assumable}`,
      `execute format('grant %I to %I', ${writer}, current_user)`,
      "perform set_config('vitrine.membership', 'lent', true)",
    ),
    giveBack: when(
      "current_setting('vitrine.membership', true) = 'lent'",
      `execute format('revoke %I from %I', ${writer}, current_user)`,
    ),
  }
}

/** What the writer makes belongs to it. */
export const asWriter = ({ writer }: Publication, sql: string): string =>
  `set local role ${identifier(writer)};\n${sql}\nreset role;`
