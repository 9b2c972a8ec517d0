/**
 * The statements that give and take rights, as text and in one place: provision runs them, its script prints them, the
 * doctor gives them as repairs. Nothing is sent from here.
 */

import { BOOKKEEPING_SCHEMA, type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { markOf } from '../version/staging.ts'

export interface RightStatements {
  readonly writerOnDatabase: string
  /** For a writer that is not to create schemas. */
  readonly writerConnects: string
  readonly readerOnDatabase: string
  /** For the roles named besides PUBLIC, which must exist. */
  readonly closeDatabase: (roles: readonly string[]) => string
  readonly closePublicSchema: (roles: readonly string[]) => string
  readonly createSchema: string
  readonly ownSchema: string
  /** The schemas that a writer needs to find when it may not create any. */
  readonly workSchemas: readonly WorkSchemaStatements[]
  readonly readerOnSchema: string
  /** On the relations named, or on all of the schema when none is. */
  readonly readerOnRelations: (names: readonly string[]) => string
  readonly readerByDefault: string
  /** For sessions in this one database: elsewhere the reader's role is not our affair. */
  readonly readerSettings: readonly string[]
}

export interface WorkSchemaStatements {
  readonly name: string
  readonly create: string
  /** Says that it is ours to empty; null for the bookkeeping, which has a name of its own. */
  readonly mark: string | null
}

/** Settings that every session of the reader must start with; `quotedSchema` is the schema as PostgreSQL would quote it. */
export function readerSettings(
  { limits }: Publication,
  quotedSchema: string,
): readonly (readonly [name: string, value: string])[] {
  return [
    ['default_transaction_read_only', 'on'],
    ['statement_timeout', String(limits.readerStatementTimeoutMs)],
    ['idle_in_transaction_session_timeout', String(limits.readerIdleTimeoutMs)],
    ['search_path', quotedSchema],
  ]
}

const others = (roles: readonly string[]): string => ['public', ...roles.map(identifier)].join(', ')

function workSchemas(publication: Publication): readonly WorkSchemaStatements[] {
  const marks = [
    [stagingSchema(publication), markOf(publication, 'staging')],
    [retiredSchema(publication), markOf(publication, 'retired')],
    [BOOKKEEPING_SCHEMA, null],
  ] as const
  return marks.map(([name, mark]) => ({
    name,
    create: `create schema ${identifier(name)} authorization ${identifier(publication.writer)}`,
    mark: mark === null ? null : `comment on schema ${identifier(name)} is ${literal(mark)}`,
  }))
}

export function rightStatements(publication: Publication, databaseName: string): RightStatements {
  const [schema, writer, reader, database] = [
    identifier(publication.schema),
    identifier(publication.writer),
    identifier(publication.reader),
    identifier(databaseName),
  ]
  return {
    writerOnDatabase: `grant connect, create on database ${database} to ${writer}`,
    readerOnDatabase: `grant connect on database ${database} to ${reader}`,
    closeDatabase: (roles) => `revoke temporary, create on database ${database} from ${others(roles)}`,
    closePublicSchema: (roles) => `revoke create on schema public from ${others(roles)}`,
    writerConnects: `grant connect on database ${database} to ${writer}`,
    createSchema: `create schema ${schema} authorization ${writer}`,
    ownSchema: `alter schema ${schema} owner to ${writer}`,
    workSchemas: workSchemas(publication),
    readerOnSchema: `grant usage on schema ${schema} to ${reader}`,
    readerOnRelations: (names) => {
      const named = names.map((name) => qualified(publication.schema, name)).join(', ')
      return `grant select on ${names.length === 0 ? `all tables in schema ${schema}` : named} to ${reader}`
    },
    readerByDefault: `alter default privileges for role ${writer} in schema ${schema} grant select on tables to ${reader}`,
    readerSettings: readerSettings(publication, schema).map(
      ([name, value]) => `alter role ${reader} in database ${database} set ${name} = ${value}`,
    ),
  }
}
