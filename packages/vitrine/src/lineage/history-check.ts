/**
 * The static check of history tables: one column is the day, the key follows from it, and every figure is SQL over columns
 * that are published. Lineage is that of the language, with the published tables as its register: what a figure may name
 * was treated before it was published. Called by `check.ts`.
 */
import type { Problem } from '../base/errors.ts'
import { type EarlierValue, figuresOf, type HistoryTable, partOf } from '../publication/history.ts'
import type { Publication } from '../publication/publication.ts'
import { type RegisteredColumn, register } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedColumn } from '../publication/table.ts'
import type { ScalarKind, SqlType } from '../sql/sql-type.ts'
import { LineageAnalysis } from './lineage.ts'
import { type KnownTables, type Lineage, LineageProblem } from './origin.ts'

/** What a ledger and a CSV file hold without loss, and a person can read and correct. */
const RECORDED: ReadonlySet<ScalarKind> = new Set<ScalarKind>([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'text',
  'varchar',
  'date',
  'timestamptz',
])

const PUBLISHED: KnownTables = Object.freeze({
  where: 'among the published tables',
  table: 'Name a published table; a history table is computed from no other source.',
  column: 'Publish that column, or correct its name.',
})

export interface CheckedFigure {
  readonly column: string
  /** In published tables; each counts as open there. */
  readonly lineage: Lineage
}

/** All problems of one history table; `found` receives the lineage of the columns that could be analysed. */
export function historyProblems(table: HistoryTable, publication: Publication, found: CheckedFigure[]): Problem[] {
  return [
    ...dayProblems(table),
    ...table.columns.flatMap((column) => columnProblems(table, column)),
    ...lineageProblems(table, publication, found),
  ]
}

function dayProblems(table: HistoryTable): Problem[] {
  const problems: Problem[] = []
  const say = (place: string, detail: string, remedy: string) => problems.push({ place, detail, remedy })
  const days = table.columns.filter((column) => partOf(column) === 'day')
  const [day] = days
  if (days.length !== 1 || day === undefined) {
    say(table.name, `${days.length} columns of it are the day`, 'give it one column date(day, …)')
  } else {
    const place = `${table.name}.${day.name}`
    if (day.type.kind !== 'date') say(place, 'the day is not declared as a date', 'declare it as date(day, …)')
    if (day.isNullable) say(place, 'the day is nullable', 'remove .nullable()')
    if (!day.isUnique && !day.isPrimaryKey) say(place, 'two rows could have this day', 'add .unique()')
  }
  if (figuresOf(table).length === 0) say(table.name, 'it records no figure', 'add a column of another value')
  return problems
}

function columnProblems(table: HistoryTable, column: PublishedColumn): Problem[] {
  const problems: Problem[] = []
  const say = (detail: string, remedy: string) =>
    problems.push({ place: `${table.name}.${column.name}`, detail, remedy })
  const earlier = table.earlier[column.name]
  if (column.value.kind !== 'sql')
    say('it is computed by a rule', 'compute it in SQL: the published tables are on the target')
  if (column.reference !== null) {
    say('it refers to another table', 'remove .references(): the rows of past days outlive what they would refer to')
  }
  if (partOf(column) !== 'figure') {
    if (earlier !== undefined) say('it follows from the day', 'remove before(…)')
    return problems
  }
  if (column.isPrimaryKey || column.isUnique) {
    say('a figure is a key', 'let the key be the day or dayNumber: two days may well have the same figure')
  }
  if (column.type.array || !RECORDED.has(column.type.kind)) {
    say(`${column.type.name} is not recorded`, 'use a number, a boolean, a text, a date or a timestamptz')
  }
  if (earlier !== undefined && !holds(column.type, earlier)) {
    say(`its value for earlier days is no ${column.type.name}`, 'give before(…) a value of the type of its column')
  }
  return problems
}

const BITS: Readonly<Partial<Record<ScalarKind, number>>> = { smallint: 16, integer: 32, bigint: 64 }

function holds({ kind, length }: SqlType, value: EarlierValue): boolean {
  const bits = BITS[kind]
  if (bits !== undefined) {
    const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
    return whole && BigInt.asIntN(bits, BigInt(value)) === BigInt(value)
  }
  if (kind === 'boolean') return typeof value === 'boolean'
  if (kind === 'numeric' || kind === 'real' || kind === 'double precision') {
    return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
  }
  if (kind === 'text' || kind === 'varchar') {
    return (
      typeof value === 'string' && !value.includes('\0') && [...value].length <= (length ?? Number.POSITIVE_INFINITY)
    )
  }
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)
}

/**
 * The published tables as if they were a register: whatever they hold may be published again. It has a schema that no query
 * can name, because a table named with its schema would be read in the version before instead of the next one.
 */
function publishedAsSource({ tables }: Publication) {
  const registered = tables.map(({ name, columns }) => {
    const open = (column: PublishedColumn): RegisteredColumn => ({
      type: column.type,
      privacy: 'open',
      isNullable: column.isNullable,
    })
    return [name, Object.fromEntries(columns.map((column) => [column.name, open(column)]))] as const
  })
  return register('', Object.fromEntries(registered))
}

function lineageProblems(table: HistoryTable, publication: Publication, found: CheckedFigure[]): Problem[] {
  const problems: Problem[] = []
  const analysis = new LineageAnalysis(publishedAsSource(publication), PUBLISHED)
  const attempt = (place: string, work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (!(error instanceof LineageProblem)) throw error
      problems.push({ place, detail: error.message, remedy: error.remedy })
    }
  }
  for (const column of table.columns) {
    const place = `${table.name}.${column.name}`
    attempt(place, () => {
      const { value } = column
      if (value.kind !== 'sql') return
      const lineage = analysis.of(value.node, analysis.scopeOf(table.query))
      found.push({ column: column.name, lineage })
    })
  }
  try {
    projectionOf(table)
  } catch {
    // The compiler's message may quote a literal.
    const remedy = 'Use plain names, and literals of text, number or boolean.'
    problems.push({ place: table.name, detail: 'its columns cannot be written as SQL', remedy })
  }
  return problems
}
