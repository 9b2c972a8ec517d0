/**
 * `history(name, comment, columns)`: a published table that accumulates, one row a local day. Its figures are computed in
 * SQL from the version about to be published, so it sees published columns only. Frozen data like the
 * other tables: the past days are kept by `record/ledger.ts`, the checks are in `history-check.ts`.
 */
import {
  CastNode,
  DataTypeNode,
  type ExpressionBuilder,
  ExpressionWrapper,
  expressionBuilder,
  type OperationNode,
  RawNode,
  SelectQueryNode,
  ValueNode,
} from 'kysely'
import { VitrineError } from '../base/errors.ts'
import type { LocalDate } from '../sql/sql-type.ts'
import type { Column } from './column.ts'
import { runInstant } from './instant.ts'
import type { PublishedColumn, PublishedTable } from './table.ts'
import type { TreatedExpression } from './treatment.ts'

/** What a column holds on the days from before it existed. */
export type EarlierValue = number | bigint | string | boolean

export interface HistoryTable<Name extends string = string, C = unknown> extends PublishedTable<Name, C> {
  /** Values by column name; a column that is not here is NULL on those days. */
  readonly earlier: Readonly<Record<string, EarlierValue>>
}

export const isHistory = (table: PublishedTable): table is HistoryTable => 'earlier' in table

interface WithEarlierValue<C extends Column<'not null'> = Column<'not null'>> {
  readonly column: C
  readonly earlier: EarlierValue
}

/** A column that was added later: on the days recorded before, it holds `value`. Without it the column must be nullable. */
export function before<C extends Column<'not null'>>(value: EarlierValue, column: C): WithEarlierValue<C> {
  return Object.freeze({ column, earlier: value })
}

// Built from nodes without raw SQL, so that lineage still accepts it when a table has a column called `date`.
const DAY = RawNode.create(['', ''], [runInstant().toOperationNode()])
/** PostgreSQL counts days from the same date. */
const FIRST_DAY = CastNode.create(ValueNode.createImmediate('2000-01-01'), DataTypeNode.create('date'))
const DAY_NUMBER = RawNode.create(['(', ' - ', ')'], [DAY, FIRST_DAY])

/** Whether a node stands for the day of the row. */
export const isDay = (node: OperationNode): boolean => node === DAY

/**
 * Here the types of published columns are not known, hence `unknown`. `check` proves the names,
 * and the check phase of a run proves the types.
 */
export type PublishedNames = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Today {
  /** The local day of the data, in the publication's zone. */
  readonly day: TreatedExpression<LocalDate>
  /** The number of days from 2000-01-01 to `day`: a key that is the same in every version. */
  readonly dayNumber: TreatedExpression<number>
}

const TODAY: Today = Object.freeze({
  day: new ExpressionWrapper<unknown, never, LocalDate>(DAY),
  dayNumber: new ExpressionWrapper<unknown, never, number>(DAY_NUMBER),
})

type HistoryColumn = Column<'not null'> | Column<'nullable'> | WithEarlierValue

/**
 * Declares a history table. One column is `day` itself, as a date; `dayNumber` may be its key; every other column is a
 * figure: recorded with its day, and never recomputed on later days. A later run of the same day replaces it.
 */
export function history<const Name extends string, C extends Readonly<Record<string, HistoryColumn>>>(
  name: Name,
  comment: string,
  columns: (eb: ExpressionBuilder<PublishedNames, never>, today: Today) => C,
): HistoryTable<Name, C> {
  const list: PublishedColumn[] = []
  const earlier: Record<string, EarlierValue> = Object.create(null)
  for (const [key, given] of Object.entries(columns(expressionBuilder<PublishedNames, never>(), TODAY))) {
    const column = 'earlier' in given ? given.column : given
    if ('earlier' in given) earlier[key] = given.earlier
    list.push(Object.freeze({ name: key, ...column.definition }))
  }
  return Object.freeze({
    name,
    comment,
    query: SelectQueryNode.create(),
    columns: Object.freeze(list),
    keep: null,
    unknown: null,
    kAnonymous: null,
    earlier: Object.freeze(earlier),
  })
}

/** `day` and `number` follow from the day; a `figure` is recorded. */
export type HistoryPart = 'day' | 'number' | 'figure'

export function historyPartOf({ value }: PublishedColumn): HistoryPart {
  if (value.kind !== 'sql') return 'figure'
  if (value.node === DAY) return 'day'
  return value.node === DAY_NUMBER ? 'number' : 'figure'
}

/** The columns that the ledger records. */
export const figuresOf = (table: HistoryTable): readonly PublishedColumn[] =>
  table.columns.filter((column) => historyPartOf(column) === 'figure')

/** The column of the day. Throws DEFINITION_INVALID for a table without one; `check` refuses it earlier. */
export function dayColumnOf(table: HistoryTable): PublishedColumn {
  const column = table.columns.find((candidate) => historyPartOf(candidate) === 'day')
  if (column === undefined) {
    throw new VitrineError('DEFINITION_INVALID', { place: table.name, detail: 'No column of it is the day.' })
  }
  return column
}
