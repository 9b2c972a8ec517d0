/**
 * Compares the source with the register: tables and columns that are missing, new, of another type or nullability, and
 * rights that the session's role lacks. Only the catalogue is read. Each problem says the line to write or the statement
 * to run. Called by `vitrine check` and by the check phase of a run.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import type { CheckedColumn } from '../lineage/findings.ts'
import { neededColumns } from '../lineage/lineage.ts'
import type { Session } from '../postgres/connect.ts'
import {
  nameSql,
  placeOf,
  type RegisteredColumn,
  type RegisteredColumns,
  type Source,
  schemasOf,
  unreadReason,
} from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { findLooser } from './derived.ts'
import { findShadows } from './shadows.ts'
import { baseOf, type ColumnType, isRegisteredAs, registerLine, TYPE_ELEMENT, TYPE_FACTS } from './source-type.ts'

interface SourceColumn extends ColumnType {
  readonly column: string
  /** With length and precision. */
  readonly fullName: string
  readonly isNullable: boolean
  readonly isReadable: boolean
}

interface SourceTable {
  readonly name: string
  /** The catalogue does not say whether a column of a view can be NULL. */
  readonly isView: boolean
  /** A row security policy applies to the session's role. */
  readonly hidesRows: boolean
  readonly columns: readonly SourceColumn[]
}

/** A difference; `unread` where no query reads what differs. */
export interface Drift extends Problem {
  readonly unread?: boolean
}

const UNREAD = { unread: true } as const
const CORRECT_NAME = 'remove it from the register, or correct its name there'

/**
 * Every difference between the source and the register, in the register's order. With `tables`, the rights on
 * all columns that their queries name are checked; without, it is enough that one column of each registered table is readable.
 */
export async function findDrift(
  source: Session,
  register: Source,
  tables?: readonly PublishedTable[],
): Promise<readonly Drift[]> {
  const closed = await closedSchemas(source, register)
  if (closed.length > 0) return closed
  const found = await readTables(source, register)
  const needed = tables === undefined ? null : await neededColumns(register, tables)
  const shadows = needed === null ? [] : await findShadows(source, register, needed)
  const role = source.address.user
  const problems = Object.entries(register.tables).flatMap(([name, registered]): readonly Drift[] => {
    const unread = (column?: string) =>
      needed !== null && (column === undefined ? !needed.has(name) : needed.get(name)?.has(column) !== true)
    const table = found.find((each) => each.name === name)
    if (table === undefined)
      return [{ place: name, detail: 'the source has no such table', remedy: CORRECT_NAME, ...(unread() && UNREAD) }]
    const isRead = needed === null || needed.has(name)
    return [
      ...columnProblems(table, registered).map((problem) => ({
        ...problem,
        ...(unread(problem.place.slice(name.length + 1)) && UNREAD),
      })),
      ...(isRead ? rightProblems(table, needed?.get(name), qualified(...placeOf(register, name)), role) : []),
    ]
  })
  return [...problems, ...(await findLooser(source, register)), ...shadows]
}

/** The schemas that do not exist, or may not be used. */
async function closedSchemas(source: Session, register: Source): Promise<readonly Problem[]> {
  const rows = await source.query<{ schema: string; usable: boolean | null; role: string }>(
    `select s.name as schema, current_user::text as role, has_schema_privilege(n.oid, 'usage') as usable
     from unnest($1::text[]) s (name) left join pg_catalog.pg_namespace n on n.nspname = s.name order by 1`,
    [schemasOf(register)],
  )
  return rows.flatMap(({ schema, usable, role }): readonly Problem[] => {
    const place = `schema ${schema}`
    const remedy = `grant usage on schema ${identifier(schema)} to ${identifier(role)};`
    if (usable === null)
      return [
        { place, detail: 'it does not exist', remedy: 'correct the schema in the register, or the URL of the source' },
      ]
    return usable ? [] : [{ place, detail: `the role ${role} may not use it`, remedy }]
  })
}

/**
 * Throws SOURCE_DRIFT with every problem and, when the lineage is given, the published columns that each concerns. Returns the
 * differences that the register lets pass.
 */
export async function requireNoDrift(
  source: Session,
  register: Source,
  tables?: readonly PublishedTable[],
  columns: readonly CheckedColumn[] = [],
): Promise<readonly Problem[]> {
  const found = await findDrift(source, register, tables)
  const passes = ({ unread }: Drift) => register.drift === 'warn' && unread === true
  const stopping = found
    .filter((problem) => !passes(problem))
    .map(({ unread, ...problem }): Problem => {
      const concerned = columns.filter(({ lineage }) =>
        lineage.some(({ table, column }) => [table, `${table}.${column}`].includes(problem.place)),
      )
      const names = [...new Set(concerned.map(({ table, column }) => `${table}.${column}`))]
      return names.length === 0
        ? problem
        : { ...problem, detail: `${problem.detail}; published in ${names.join(', ')}` }
    })
  if (stopping.length === 0) return found
  throw new VitrineError('SOURCE_DRIFT', { place: schemasOf(register).join(', '), problems: stopping })
}

function columnProblems(table: SourceTable, registered: RegisteredColumns): readonly Problem[] {
  const unregistered = table.columns.filter(({ column }) => !Object.hasOwn(registered, column))
  const problems = Object.entries(registered).flatMap(([name, expected]) => {
    const column = table.columns.find((each) => each.column === name)
    if (column !== undefined) return changedColumn(table, expected, column)
    // An unregistered column of the same type may be the missing one under a new name.
    const alike = unregistered.filter((each) => isRegisteredAs(each, expected.type))
    const names = alike.map((each) => `«${each.column}»`).join(' or ')
    const detail = `the source has no such column${alike.length === 0 ? '' : `; renamed to ${names}?`}`
    return [{ place: `${table.name}.${name}`, detail, remedy: CORRECT_NAME }]
  })
  if (unreadReason(registered) !== undefined) return problems
  const added = unregistered.map((column): Problem => {
    // Suggested as personal until somebody has looked at it, so that it cannot be published by accident.
    const line = registerLine(column.column, 'personal', column, column.isNullable)
    const detail = `the register does not name it (${column.fullName})`
    return { place: `${table.name}.${column.column}`, detail, remedy: `add to the register: ${line}` }
  })
  return [...problems, ...added]
}

function changedColumn(table: SourceTable, expected: RegisteredColumn, column: SourceColumn): readonly Problem[] {
  const isNullable = table.isView ? expected.isNullable : column.isNullable
  const differences = [
    ...(isRegisteredAs(column, expected.type)
      ? []
      : [`the source has ${column.fullName}, the register ${expected.type.name}`]),
    ...(isNullable && !expected.isNullable ? ['the source allows NULL, the register does not'] : []),
  ]
  if (differences.length === 0) return []
  const line = registerLine(column.column, expected.privacy, column, isNullable)
  return [
    {
      place: `${table.name}.${column.column}`,
      detail: differences.join('; '),
      remedy: `write in the register: ${line}`,
    },
  ]
}

/** `wanted`: the columns that must be readable; undefined when any column will do. */
function rightProblems(
  { name, hidesRows, columns }: SourceTable,
  wanted: ReadonlySet<string> | undefined,
  place: string,
  role: string,
): readonly Problem[] {
  const to = `on ${place} to ${identifier(role)};`
  const problems: Problem[] = []
  const refused = columns.filter(({ column, isReadable }) => !isReadable && wanted?.has(column) === true)
  if (!columns.some(({ isReadable }) => isReadable)) {
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

/** The registered tables that exist, with their columns in order. A domain counts as the type that it is made of. */
const readTables = (source: Session, { schema, tables }: Source): Promise<SourceTable[]> =>
  source.query<SourceTable>(
    `select ${nameSql('$1')} as name, c.relkind in ('v', 'm') as "isView", row_security_active(c.oid) as "hidesRows",
            (select coalesce(json_agg(f order by f.attnum), '[]') from (
               select a.attnum, a.attname as "column", format_type(t.oid, m.modifier) as "fullName", ${TYPE_FACTS},
                      case when t.typname in ('varchar', 'bpchar') and m.modifier > 0 then m.modifier - 4 end as length,
                      not m.strict as "isNullable",
                      has_column_privilege(c.oid, a.attnum, 'select') as "isReadable"
               from pg_catalog.pg_attribute a cross join lateral ${baseOf('a.atttypid', 'a.atttypmod', 'a.attnotnull')} m
               join pg_catalog.pg_type t on t.oid = m.oid ${TYPE_ELEMENT}
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) f) as columns
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where ${nameSql('$1')} = any ($2) and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    [schema, Object.keys(tables)],
  )
