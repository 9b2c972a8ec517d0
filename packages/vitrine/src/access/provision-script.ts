/**
 * Provision as a script, for those who may not connect from here: what a person pastes into psql or into the console of a
 * managed PostgreSQL. It says the same as the steps of `provision-steps.ts`, may be run again, and needs no connection to
 * be written. Called by `vitrine provision --sql`.
 */

import type { Publication } from '../publication/publication.ts'
import { identifier, literal } from '../sql/quote.ts'
import { rightStatements, type WorkSchemaStatements } from './grant.ts'
import { assumableSql } from './role.ts'

/** A block whose statements decide at run time; the tag keeps it apart from any `$$` of names. */
const block = (body: string): string => `do $vitrine$\n${body}\n$vitrine$;`

/** Each part is one transaction: it is done as a whole or, by somebody who may not, not at all. */
function part(database: string, title: string, statements: readonly string[]): string {
  // Rights given in another database by mistake would go unnoticed: the statements below succeed anywhere.
  const guard = block(
    `begin
  if current_database() <> ${literal(database)} then
    raise exception 'this is database %, connect to ${quotedInside(database)}', current_database();
  end if;
end`,
  )
  return [comment(title), 'begin;', guard, ...statements, 'commit;'].join('\n')
}

/** A name inside the format string of RAISE, where a quote is doubled and a percent sign stands for a value. */
const quotedInside = (name: string): string => name.replaceAll("'", "''").replaceAll('%', '%%')

const roleBlock = (role: string): string =>
  block(
    `declare
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
end`,
  )

/** Statements for which membership in the writer is needed; it is given back at the end. */
function asMember({ writer: name }: Publication, statements: readonly string[]): readonly string[] {
  const writer = literal(name)
  return [
    '-- To act as the writer, membership in it is needed; it is given back at the end.',
    block(`begin
  if not ${assumableSql(roleId(name))} then
    execute format('grant %I to %I', ${writer}, current_user);
    perform set_config('vitrine.membership', 'lent', true);
  end if;
end`),
    ...statements,
    block(`begin
  if current_setting('vitrine.membership', true) = 'lent' then
    execute format('revoke %I from %I', ${writer}, current_user);
  end if;
end`),
  ]
}

const roleId = (name: string): string => `(select oid from pg_catalog.pg_roles where rolname = ${literal(name)})`

/** Every schema that a run needs, for a writer that may not create any. */
function schemasBeforehand(publication: Publication, database: string): readonly string[] {
  const { createSchema, workSchemas } = rightStatements(publication, database)
  const published = { name: publication.schema, create: createSchema, mark: null }
  const unlessThere = ({ name, create, mark }: WorkSchemaStatements): string =>
    `  if not exists (select from pg_catalog.pg_namespace where nspname = ${literal(name)}) then
    ${[create, ...(mark === null ? [] : [mark])].map((statement) => `${statement};`).join('\n    ')}
  end if;`
  return asMember(publication, [block(`begin\n${[published, ...workSchemas].map(unlessThere).join('\n')}\nend`)])
}

function schemaStatements(publication: Publication, database: string, withoutCreate: boolean): readonly string[] {
  const sql = rightStatements(publication, database)
  const schema = literal(publication.schema)
  const role = roleId(publication.writer)
  return asMember(publication, [
    block(`begin
  if exists (select from pg_catalog.pg_namespace where nspname = ${schema} and nspowner <> ${role}) then
    ${sql.ownSchema};
  end if;
end`),
    `set local role ${identifier(publication.writer)};`,
    // PostgreSQL asks for the right to create a schema even when it exists.
    ...(withoutCreate ? [] : [`${sql.createSchema.replace('create schema', 'create schema if not exists')};`]),
    `${sql.readerOnSchema};`,
    block(`declare
  relation regclass;
begin
  for relation in
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relowner = ${role}
  loop
    execute format('grant select on %s to %I', relation, ${literal(publication.reader)});
  end loop;
end`),
    `${sql.readerByDefault};`,
    'reset role;',
  ])
}

/** A comment ends with its line, so no name may bring a line of its own. */
const comment = (text: string): string => `-- ${text.replaceAll(/\s+/g, ' ')}`

/**
 * The complete script for one database. It holds no password, and does nothing to a role that exists and may log in. With
 * `withoutCreate` the writer gets no right to create schemas, and finds those that it needs.
 */
export function provisionSql(publication: Publication, database: string, withoutCreate = false): string {
  const { writer, reader, schema, name } = publication
  const sql = rightStatements(publication, database)
  const head = [
    comment(`Roles and rights of the publication ${name} in the database ${database}. Connect to that database.`),
    comment(
      'The script may be run again: what is there already stays. Each part says who may run it; a superuser may run all.',
    ),
    comment(`Where the provider makes the roles, make ${writer} and ${reader} there first: part 1 then does nothing.`),
    comment(
      'To keep a password out of the log of the server, make the role with psql: create role … login, then \\password …',
    ),
  ].join('\n')
  return [
    head,
    part(database, '1. The roles. By a role that may make roles (CREATEROLE). A quote in a password is doubled.', [
      roleBlock(writer),
      roleBlock(reader),
    ]),
    part(database, '2. The database. By its owner.', [
      `${withoutCreate ? sql.writerConnects : sql.writerOnDatabase};`,
      `${sql.readerOnDatabase};`,
      `${sql.closeDatabase([reader])};`,
      block(`begin
  if exists (select from pg_catalog.pg_namespace where nspname = 'public') then
    ${sql.closePublicSchema([reader])};
  end if;
end`),
    ]),
    ...(withoutCreate
      ? [
          part(
            database,
            `3. The schemas. By the owner of the database, if it may give membership in ${writer}, or a superuser.`,
            schemasBeforehand(publication, database),
          ),
        ]
      : []),
    part(
      database,
      `${withoutCreate ? 4 : 3}. The schema ${schema}. By ${writer} itself, or a role that may give membership in it.`,
      schemaStatements(publication, database, withoutCreate),
    ),
    part(
      database,
      `${withoutCreate ? 5 : 4}. The sessions of the reader. By ${reader} itself, or a role with CREATEROLE.`,
      [...sql.readerSettings.map((statement) => `${statement};`)],
    ),
  ]
    .join('\n\n')
    .concat('\n')
}
