/**
 * Compares the source with the register: tables and columns that are missing, new, of another type or nullability, and
 * rights that the session's role lacks. Only the catalogue is read. Each problem says the line to write or the statement
 * to run. Called by `vitrine check` and by the check phase of a run.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type RegisteredColumn, type RegisteredColumns, type Source, unreadReason } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { neededColumns } from './needed-columns.ts'
import { isRegisteredAs, registerLine, type SourceType } from './registered-type.ts'

interface SourceColumn extends SourceType {
  readonly table: string
  readonly column: string
  readonly nullable: boolean
  readonly readable: boolean
}

interface SourceTable {
  readonly name: string
  /** Views do not tell whether their columns can be NULL. */
  readonly tellsNullability: boolean
  /** A row security policy applies to the session's role. */
  readonly hidesRows: boolean
}

interface SourceSchema {
  readonly exists: boolean
  readonly usable: boolean
  readonly role: string
}

/**
 * Every difference between the source and the register, in the register's order. With the published `tables`, rights are
 * asked for the columns that their queries name; without, only that some column of each registered table can be read.
 */
export async function findDrift(
  source: Session,
  register: Source,
  tables?: readonly PublishedTable[],
): Promise<readonly Problem[]> {
  const schema = await readSchema(source, register.schema)
  const place = `schema ${register.schema}`
  if (!schema.exists) {
    return [
      { place, detail: 'it does not exist', remedy: 'correct the schema in the register, or the URL of the source' },
    ]
  }
  if (!schema.usable) {
    const remedy = `grant usage on schema ${identifier(register.schema)} to ${identifier(schema.role)};`
    return [{ place, detail: `the role ${schema.role} may not use it`, remedy }]
  }
  const found = new Map((await readTables(source, register)).map((table) => [table.name, table]))
  const columns = await readColumns(source, register)
  const needed = tables === undefined ? null : neededColumns(tables)
  return Object.entries(register.tables).flatMap(([name, registered]): readonly Problem[] => {
    const table = found.get(name)
    if (table === undefined) {
      const remedy = 'remove it from the register, or correct its name there'
      return [{ place: name, detail: 'the source has no such table', remedy }]
    }
    const own = columns.filter((column) => column.table === name)
    const wanted = needed === null ? null : (needed.get(name) ?? null)
    return [
      ...columnProblems(table, registered, own),
      ...(needed !== null && wanted === null ? [] : rightProblems(table, own, wanted, register, schema.role)),
    ]
  })
}

/** Throws SOURCE_DRIFT with every problem. */
export async function requireNoDrift(
  source: Session,
  register: Source,
  tables?: readonly PublishedTable[],
): Promise<void> {
  const problems = await findDrift(source, register, tables)
  if (problems.length > 0) throw new VitrineError('SOURCE_DRIFT', { place: register.schema, problems })
}

function columnProblems(
  table: SourceTable,
  registered: RegisteredColumns,
  columns: readonly SourceColumn[],
): readonly Problem[] {
  const present = new Map(columns.map((column) => [column.column, column]))
  const unregistered = columns.filter(({ column }) => registered[column] === undefined)
  const problems: Problem[] = []
  for (const [name, expected] of Object.entries(registered)) {
    const column = present.get(name)
    if (column === undefined) problems.push(missingColumn(table.name, name, expected, unregistered))
    else problems.push(...changedColumn(table, expected, column))
  }
  if (unreadReason(registered) !== undefined) return problems
  return [...problems, ...unregistered.map(unregisteredColumn)]
}

/** A column of the same type that the register does not know may be the same under a new name. */
function missingColumn(
  table: string,
  name: string,
  { type }: RegisteredColumn,
  unregistered: readonly SourceColumn[],
): Problem {
  const alike = unregistered.filter((column) => isRegisteredAs(column, type.name)).map(({ column }) => column)
  const guess = alike.length === 0 ? '' : `; renamed to ${alike.map((column) => `«${column}»`).join(' or ')}?`
  const remedy = 'remove it from the register, or correct its name there'
  return { place: `${table}.${name}`, detail: `the source has no such column${guess}`, remedy }
}

const NO_WORD = 'the register has no word for its type: leave it out, and register the table with partly(reason, …)'

function changedColumn(table: SourceTable, expected: RegisteredColumn, column: SourceColumn): readonly Problem[] {
  const place = `${table.name}.${column.column}`
  const isSame = isRegisteredAs(column, expected.type.name)
  const mayBeNull = table.tellsNullability && column.nullable && !expected.isNullable
  if (isSame && !mayBeNull) return []
  const nullable = table.tellsNullability ? column.nullable : expected.isNullable
  const line = registerLine(column.column, expected.privacy, column, nullable)
  const remedy = line === null ? NO_WORD : `write in the register: ${line}`
  const differences = [
    ...(isSame ? [] : [`the source has ${column.name}, the register ${expected.type.name}`]),
    ...(mayBeNull ? ['the source allows NULL, the register does not'] : []),
  ]
  return [{ place, detail: differences.join('; '), remedy }]
}

/** Personal until somebody has looked at it: nothing can then publish it by accident. */
function unregisteredColumn(column: SourceColumn): Problem {
  const line = registerLine(column.column, 'personal', column, column.nullable)
  return {
    place: `${column.table}.${column.column}`,
    detail: `the register does not name it (${column.name})`,
    remedy: line === null ? NO_WORD : `add to the register: ${line}`,
  }
}

/** `wanted`: the columns that must be readable; null when any column will do. */
function rightProblems(
  { name, hidesRows }: SourceTable,
  columns: readonly SourceColumn[],
  wanted: ReadonlySet<string> | null,
  { schema }: Source,
  role: string,
): readonly Problem[] {
  const to = `on ${qualified(schema, name)} to ${identifier(role)};`
  const problems: Problem[] = []
  const isReadable = columns.some(({ readable }) => readable)
  const refused = columns.filter(({ column, readable }) => !readable && wanted?.has(column) === true)
  if (!isReadable) {
    problems.push({ place: name, detail: `the role ${role} may not read it`, remedy: `grant select ${to}` })
  } else if (refused.length > 0) {
    const list = refused.map(({ column }) => identifier(column)).join(', ')
    const detail = `the role ${role} may not read ${list}`
    problems.push({ place: name, detail, remedy: `grant select (${list}) ${to}` })
  }
  if (hidesRows) {
    const remedy = `alter role ${identifier(role)} bypassrls;`
    problems.push({ place: name, detail: `a row security policy hides rows from the role ${role}`, remedy })
  }
  return problems
}

async function readSchema(source: Session, schema: string): Promise<SourceSchema> {
  const [row] = await source.query<SourceSchema>(
    `select n.oid is not null as "exists", coalesce(has_schema_privilege(n.oid, 'usage'), false) as usable, current_user::text as role
     from (select $1::text as name) as asked left join pg_catalog.pg_namespace n on n.nspname = asked.name`,
    [schema],
  )
  return row as SourceSchema // sound because the query always gives one row.
}

const readTables = (source: Session, { schema, tables }: Source): Promise<SourceTable[]> =>
  source.query<SourceTable>(
    `select c.relname as name, c.relkind not in ('v', 'm') as "tellsNullability", row_security_active(c.oid) as "hidesRows"
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2) and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    [schema, Object.keys(tables)],
  )

/** Columns of the registered tables in their order, domains replaced by the type that they are made of. */
const readColumns = (source: Session, { schema, tables }: Source): Promise<SourceColumn[]> =>
  source.query<SourceColumn>(
    `select c.relname as "table", a.attname as "column",
            case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod) else format_type(a.atttypid, a.atttypmod) end as name,
            coalesce(b.typtype, t.typtype) = 'e' as "isEnum",
            not (a.attnotnull or t.typnotnull) as nullable,
            has_column_privilege(c.oid, a.attnum, 'select') as readable
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_type t on t.oid = a.atttypid
     left join pg_catalog.pg_type b on b.oid = t.typbasetype and t.typtype = 'd'
     where n.nspname = $1 and c.relname = any ($2) and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`,
    [schema, Object.keys(tables)],
  )
