/**
 * The static check of history tables: one column is the day, the key follows from it, and every figure is SQL over columns
 * that are published. Called by `check.ts`, which reads their lineage like that of other tables.
 */
import { own } from '../base/own.ts'
import { type EarlierValue, figuresOf, type HistoryTable, partOf } from '../publication/history.ts'
import type { Publication } from '../publication/publication.ts'
import { type RegisteredColumn, register } from '../publication/register.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { ScalarKind } from '../sql/sql-type.ts'
import type { Findings } from './findings.ts'
import type { Known } from './origin.ts'

type Holds = (value: EarlierValue, length: number | null) => boolean

const whole =
  (bits: number): Holds =>
  (value) =>
    (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) &&
    BigInt.asIntN(bits, BigInt(value)) === BigInt(value)
const decimal: Holds = (value) => typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
const characters: Holds = (value, length) =>
  typeof value === 'string' && !value.includes('\0') && [...value].length <= (length ?? Number.POSITIVE_INFINITY)
const dated: Holds = (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)

/** What a ledger and a CSV file hold without loss, and a person can read and correct; each with the values it takes. */
const RECORDED: Readonly<Partial<Record<ScalarKind, Holds>>> = {
  smallint: whole(16),
  integer: whole(32),
  bigint: whole(64),
  numeric: decimal,
  real: decimal,
  'double precision': decimal,
  boolean: (value) => typeof value === 'boolean',
  text: characters,
  varchar: characters,
  date: dated,
  timestamptz: dated,
}

/** Everything about one history table but its lineage. */
export function checkHistory(table: HistoryTable, found: Findings): void {
  checkDay(table, found)
  for (const column of table.columns) {
    checkFigure(column, own(table.earlier, column.name), (detail, remedy) =>
      found.say(`${table.name}.${column.name}`, detail, remedy),
    )
  }
}

function checkDay(table: HistoryTable, found: Findings): void {
  const days = table.columns.filter((column) => partOf(column) === 'day')
  const [day] = days
  if (days.length !== 1 || day === undefined) {
    found.say(table.name, `${days.length} columns of it are the day`, 'give it one column date(day, …)')
  } else {
    const say = (detail: string, remedy: string) => found.say(`${table.name}.${day.name}`, detail, remedy)
    if (day.type.kind !== 'date') say('the day is not declared as a date', 'declare it as date(day, …)')
    if (day.isNullable) say('the day is nullable', 'remove .nullable()')
    if (!day.isUnique && !day.isPrimaryKey) say('two rows could have this day', 'add .unique()')
  }
  if (figuresOf(table).length === 0) found.say(table.name, 'it records no figure', 'add a column of another value')
}

function checkFigure(
  column: PublishedColumn,
  earlier: EarlierValue | undefined,
  say: (detail: string, remedy: string) => void,
): void {
  const { type } = column
  if (column.value.kind !== 'sql')
    say('it is computed by a rule', 'compute it in SQL: the published tables are on the target')
  if (column.reference !== null) {
    say('it refers to another table', 'remove .references(): the rows of past days outlive what they would refer to')
  }
  if (partOf(column) !== 'figure') {
    if (earlier !== undefined) say('it follows from the day', 'remove before(…)')
    return
  }
  if (column.isPrimaryKey || column.isUnique) {
    say('a figure is a key', 'let the key be the day or dayNumber: two days may well have the same figure')
  }
  const holds = type.array ? undefined : RECORDED[type.kind]
  if (holds === undefined) {
    say(`${type.name} is not recorded`, 'use a number, a boolean, a text, a date or a timestamptz')
  }
  if (earlier !== undefined && holds?.(earlier, type.length) !== true) {
    say(`its value for earlier days is no ${type.name}`, 'give before(…) a value of the type of its column')
  }
}

/**
 * The published tables, as they stand in a schema, as a register: what they hold was treated and may be published again.
 * A table that raw SQL names without the schema would be read in the version before.
 */
export function publishedAsSource({ tables }: Publication, schema: string): Known {
  const open = ({ type, isNullable }: PublishedColumn): RegisteredColumn => ({ type, isNullable, privacy: 'open' })
  const columnsOf = (table: PublishedTable) => table.columns.map((column) => [column.name, open(column)] as const)
  return {
    source: register(
      schema,
      Object.fromEntries(tables.map((table) => [table.name, Object.fromEntries(columnsOf(table))])),
    ),
    isQualified: true,
    where: 'among the published tables',
    tableRemedy: 'Name a published table; a history table is computed from no other source.',
    columnRemedy: 'Publish that column, or correct its name.',
  }
}
