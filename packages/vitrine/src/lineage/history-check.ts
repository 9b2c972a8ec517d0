/**
 * The static check of history tables: one column is the day, the key follows from it, and every figure is SQL over columns
 * that are published. Called by `publication-check.ts`, which reads their lineage like that of other tables.
 */
import { own } from '../base/own.ts'
import { MOST_OUTCOMES, outcomesOf } from '../publication/compute.ts'
import { type EarlierValue, figuresOf, type HistoryTable, historyPartOf } from '../publication/history.ts'
import { PRIVACY_CLASSES, type PrivacyClass } from '../publication/privacy.ts'
import type { Publication } from '../publication/publication.ts'
import { type RegisteredColumn, register } from '../publication/register.ts'
import { keyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { isTextual, type ScalarKind } from '../sql/sql-type.ts'
import type { CheckedColumn, Findings } from './findings.ts'
import type { KnownNames, Origin } from './origin.ts'

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

/** Types that the ledger and a CSV file hold without loss and that a person can correct, each with a test of its values. */
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
  const days = table.columns.filter((column) => historyPartOf(column) === 'day')
  const [day] = days
  if (days.length !== 1 || day === undefined) {
    found.say(table.name, `${days.length} columns of it are the day`, 'give it one column date(day, …)')
  } else {
    const say = (detail: string, remedy: string) => found.say(`${table.name}.${day.name}`, detail, remedy)
    if (day.type.kind !== 'date') say('the day is not declared as a date', 'declare it as date(day, …)')
    if (day.isNullable) say('the day is nullable', 'remove .nullable()')
    if (!day.isUnique && !day.isPrimaryKey) say('two rows could have this day', 'add .unique()')
  }
  if (keyOf(table).length > 1) found.say(table.name, 'its key has several columns', 'mark the day alone')
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
  if (historyPartOf(column) !== 'figure') {
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

/** The result of any other treatment may be the value itself, or differ for each value. */
const BOUNDED: ReadonlySet<string> = new Set(['present', 'year', 'month', 'band', 'count', 'category', 'measure'])

/**
 * The class of a published column inside the queries of history tables: that of its origins. But a number of rows is open, and
 * the bounded result of a personal value is indirect: rows may be grouped by it, and publishing it needs a reason.
 */
function classOf(lineage: readonly Origin[]): PrivacyClass {
  const classes = lineage.map(({ privacy, treatments }): PrivacyClass => {
    if (treatments.some(({ name }) => name === 'count')) return 'open'
    return privacy === 'personal' && treatments.some(({ name }) => BOUNDED.has(name)) ? 'indirect' : privacy
  })
  return PRIVACY_CLASSES.findLast((privacy) => classes.includes(privacy)) ?? 'open'
}

const isClosed = ({ type, value }: PublishedColumn, lineage: readonly Origin[]): boolean =>
  (type.kind === 'boolean' && !type.array) ||
  (value.kind === 'computed' && outcomesOf(value.computed, type) <= MOST_OUTCOMES) ||
  (lineage.length > 0 && lineage.every(({ treatments }) => treatments.some(({ name }) => CLOSING.has(name))))
const CLOSING: ReadonlySet<string> = new Set(['present', 'band', 'count'])

/** Recorded texts and dates stay for ever. They must come from a closed list, so that no value of a single row stays. */
export function checkRecorded(history: HistoryTable, { tables }: Publication, found: Findings): void {
  const lineageOf = (table: string, column: string) =>
    found.columns.find((checked) => checked.table === table && checked.column === column)?.lineage ?? []
  for (const figure of figuresOf(history)) {
    const isFree = isTextual(figure.type) || figure.type.kind === 'date' || figure.type.kind === 'timestamptz'
    const open = lineageOf(history.name, figure.name).find(({ table, column, treatments }) => {
      const published = tables.find((each) => each.name === table)?.columns.find((each) => each.name === column)
      const isTold = treatments.some((treatment) => CLOSING.has(treatment.name))
      return !isTold && (published === undefined || !isClosed(published, lineageOf(table, column)))
    })
    if (!isFree || open === undefined) continue
    const detail = `it would record a ${figure.type.kind} that ${open.table}.${open.column} does not take from a closed list`
    found.say(
      `${history.name}.${figure.name}`,
      detail,
      'record a number, or take a category, a measure, a band or a boolean',
    )
  }
}

/**
 * The published tables as a register: each column has the class of what it was made of. A table
 * that raw SQL names without the schema would be read from the previous version.
 */
export function publishedAsSource(
  { tables }: Publication,
  schema: string,
  checked: readonly CheckedColumn[],
): KnownNames {
  const registered = (table: string, { name, type, isNullable }: PublishedColumn): RegisteredColumn => {
    const { lineage = [] } = checked.find((each) => each.table === table && each.column === name) ?? {}
    return { type, isNullable, privacy: classOf(lineage) }
  }
  const columnsOf = ({ name, columns }: PublishedTable) =>
    columns.map((column) => [column.name, registered(name, column)] as const)
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
