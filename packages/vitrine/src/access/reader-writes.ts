/**
 * Proves as the reader that it changes and creates nothing. What the catalogue already allows is not tried: a truncate that
 * succeeds locks everybody out until it is undone. Called by `reader-proof.ts`, in a transaction that is rolled back.
 */

import type { Session } from '../postgres/connect.ts'
import { publishedNames } from '../publication/publication.ts'
import { identifier, qualified } from '../sql/quote.ts'
import {
  ABSENT,
  attempt,
  broken,
  type Finding,
  type Guarantee,
  holds,
  listed,
  probeName,
  REFUSED,
  type ReaderContext,
} from './finding.ts'
import { rightStatements } from './grant.ts'

interface WritableRelation {
  readonly name: string
  readonly kind: string
  readonly column: string | null
  readonly allowed: readonly string[]
}

const WRITES = ['insert', 'update', 'delete', 'truncate', 'trigger'] as const

/** Statements that change no row, and that PostgreSQL checks the rights of all the same. */
function harmlessWrite(
  verb: (typeof WRITES)[number],
  table: string,
  { kind, column }: WritableRelation,
): string | null {
  const name = identifier(column ?? '')
  if (verb === 'insert') return `insert into ${table} select * from ${table} where false`
  if (verb === 'update') return `update ${table} set ${name} = ${name} where false`
  if (verb === 'delete') return `delete from ${table} where false`
  // Views know no truncate, and a trigger would need a function.
  return verb === 'truncate' && kind !== 'v' ? `truncate ${table}` : null
}

/** SQLSTATEs of a view that nobody can write, such as one with computed columns; that the reader has no right to is known. */
const isUnwritable = ({ kind }: WritableRelation, state: string): boolean =>
  kind === 'v' && ['0A000', '428C9', '55000'].includes(state)

export async function cannotWrite(reader: Session, { publication }: ReaderContext): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-writes-nothing',
    guarantee: `${publication.reader} changes no published table, even in a read-write transaction.`,
    expected: 'insert, update, delete, truncate refused on every table',
  }
  const relations = await reader.query<WritableRelation>(
    `select c.relname as name, c.relkind as kind,
            (select a.attname from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum limit 1) as column,
            array_remove(array[
              case when has_any_column_privilege(c.oid, 'INSERT') then 'insert' end,
              case when has_any_column_privilege(c.oid, 'UPDATE') then 'update' end,
              case when has_table_privilege(c.oid, 'DELETE') then 'delete' end,
              case when has_table_privilege(c.oid, 'TRUNCATE') then 'truncate' end,
              case when has_table_privilege(c.oid, 'TRIGGER') then 'trigger' end], null) as allowed
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2) order by 1`,
    [publication.schema, [...publishedNames(publication)]],
  )
  const possible: string[] = []
  const repairs: string[] = []
  for (const relation of relations) {
    const table = qualified(publication.schema, relation.name)
    for (const verb of WRITES) {
      const sql = harmlessWrite(verb, table, relation)
      const state = relation.allowed.includes(verb) ? null : sql === null ? REFUSED : await attempt(reader, sql)
      if (state === REFUSED || (state !== null && (ABSENT.includes(state) || isUnwritable(relation, state)))) continue
      possible.push(state === null ? `${verb} on ${relation.name}` : `${verb} on ${relation.name}: SQLSTATE ${state}`)
      repairs.push(`revoke ${verb} on ${table} from public, ${identifier(publication.reader)};`)
    }
  }
  return possible.length === 0 ? holds(guarantee) : broken(guarantee, `possible: ${listed(possible)}`, repairs)
}

export async function cannotCreate(reader: Session, { publication, database }: ReaderContext): Promise<Finding> {
  const { schema, reader: role } = publication
  const guarantee: Guarantee = {
    name: 'reader-creates-nothing',
    guarantee: `${role} creates no table and no schema, even in a read-write transaction.`,
    expected: `refused in ${schema}, in public and on the database`,
  }
  const sql = rightStatements(publication, database)
  const trials = [
    {
      place: `a table in ${schema}`,
      statement: `create table ${qualified(schema, probeName())} ()`,
      repair: `revoke create on schema ${identifier(schema)} from public, ${identifier(role)};`,
    },
    {
      place: 'a table in public',
      statement: `create table public.${probeName()} ()`,
      repair: `${sql.closePublicSchema([role])};`,
    },
    { place: 'a schema', statement: `create schema ${probeName()}`, repair: `${sql.closeDatabase([role])};` },
  ]
  const possible: typeof trials = []
  for (const trial of trials) {
    const state = await attempt(reader, trial.statement)
    if (state !== REFUSED && !(state !== null && ABSENT.includes(state))) possible.push(trial)
  }
  if (possible.length === 0) return holds(guarantee)
  const places = possible.map(({ place }) => place).join(', ')
  return broken(
    guarantee,
    `possible: ${places}`,
    possible.map(({ repair }) => repair),
  )
}

export async function noTemporaryTables(reader: Session, { publication, database }: ReaderContext): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-no-temporary-tables',
    guarantee: `${publication.reader} creates no temporary table, which would fill the disk of the target.`,
    expected: 'refused',
  }
  const state = await attempt(reader, `create temporary table ${probeName()} ()`)
  if (state === REFUSED) return holds(guarantee)
  const repair = rightStatements(publication, database).closeDatabase([publication.reader])
  return broken(guarantee, state === null ? 'possible' : `SQLSTATE ${state}`, [`${repair};`])
}
