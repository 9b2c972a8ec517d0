/**
 * The ledger: where the days of history tables are kept, in the bookkeeping, out of reach of what replaces or drops the
 * published schema. Writes the SELECT that fills a version from it, records a day inside the switch, and checks whether
 * recorded days still fit the definition.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { own } from '../base/own.ts'
import type { Target } from '../catalogue/target.ts'
import { quietly } from '../postgres/quietly.ts'
import { dayColumnOf, figuresOf, type HistoryTable } from '../publication/history.ts'
import { type ColumnShape, type HistoryShape, shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedColumn } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

export async function ledgerExists(session: Target['session']): Promise<boolean> {
  const [ledger] = await session.query<{ found: boolean }>(
    `select pg_catalog.to_regclass('vitrine.ledger') is not null as found`,
  )
  return ledger?.found === true
}

/** Whether the ledger has the day given as SQL, or any day of the table. */
export const isRecorded = (schema: string, table: string, day: string | null = null): string =>
  `exists (select from vitrine.ledger l where ${ledgerRows(schema, table)}${day === null ? '' : ` and l.day = ${day}`})`

/** How many of the days (YYYY-MM-DD) the ledger has. */
export async function countRecorded(target: Target, table: string, days: readonly string[]): Promise<number> {
  const { session, publication } = target
  const [found] = await session.query<{ count: number }>(
    `select count(*)::integer as count from vitrine.ledger l where ${ledgerRows(publication.schema, table)} and l.day = any ($1::date[])`,
    [days],
  )
  return found?.count ?? 0
}

/** The rows of one history table in the ledger, as a condition on `l`. */
const ledgerRows = (schema: string, table: string): string =>
  `l.schema_name = ${literal(schema)} and l.table_name = ${literal(table)}`

/** A history table as it stands in a version. */
type RecordedShape = TableShape & { readonly history: HistoryShape }
export const isHistoryShape = (shape: TableShape): shape is RecordedShape => shape.history !== null

/** SQL that reads the figures of `l` as `f`. PostgreSQL refuses a value that does not fit its type; nothing is cut or rounded. */
const figuresAs = (figures: readonly ColumnShape[]): string =>
  `cross join lateral jsonb_to_record(l.figures) as f (${figures
    .map(({ name, type }) => `${identifier(name)} ${type}`)
    .join(', ')})`

/** SQL of a recorded figure with its declared type: the declared earlier value, or NULL, for a day without it. */
function figureSql({ name, type }: ColumnShape, { earlier }: HistoryShape): string {
  const value = own(earlier, name)
  const recorded = `f.${identifier(name)}`
  return value === undefined ? recorded : `coalesce(${recorded}, cast(${value} as ${type}))`
}

/** The recorded days in the columns of the table, `exceptDay` (YYYY-MM-DD) left out. Without parameters, for COPY. */
export function ledgerSelect(shape: RecordedShape, schema: string, exceptDay: string | null): string {
  const { day, number } = shape.history
  const columns = shape.columns.map((column) => {
    const { name, type } = column
    const days = `cast(l.day - cast('2000-01-01' as date) as ${type})`
    const value = name === day ? 'l.day' : name === number ? days : figureSql(column, shape.history)
    return `${value} as ${identifier(name)}`
  })
  const figures = shape.columns.filter(({ name }) => name !== day && name !== number)
  const except = exceptDay === null ? '' : ` and l.day <> ${literal(exceptDay)}`
  return `select ${columns.join(', ')} from vitrine.ledger l ${figuresAs(figures)}
    where ${ledgerRows(schema, shape.name)}${except}`
}

/**
 * Writes rows into the ledger: `select` returns a day and then the named columns; `keep` says whether days that are
 * already there stay. Figures that the definition has dropped stay as well. `f.*`, because a bare `f` would
 * mean a column of that name.
 */
export function recordSql(
  schema: string,
  table: string,
  columns: readonly string[],
  from: { readonly day: string; readonly rows: string; readonly origin: 'run' | 'import' | 'adoption' },
  onConflict: 'keep' | 'replace',
): string {
  const figures = columns.map((name) => `t.${identifier(name)}`).join(', ')
  const action =
    onConflict === 'keep'
      ? 'do nothing'
      : `do update set figures = l.figures || excluded.figures, origin = excluded.origin, recorded_at = excluded.recorded_at`
  return `insert into vitrine.ledger as l (schema_name, table_name, day, figures, origin, recorded_at)
    select ${literal(schema)}, ${literal(table)}, t.${identifier(from.day)},
           (select to_jsonb(f.*) from (select ${figures}) as f), ${literal(from.origin)}, clock_timestamp()
    from ${from.rows}
    on conflict (schema_name, table_name, day) ${action}`
}

/** Inside the switch: copies the day's row of each named table from the next version, in the schema `incoming`, to the ledger. */
export async function recordDay(
  target: Target,
  incoming: string,
  tables: ReadonlySet<string>,
  day: string,
): Promise<void> {
  const { session, publication } = target
  for (const table of publication.histories) {
    if (!tables.has(table.name)) continue
    const column = dayColumnOf(table).name
    const names = figuresOf(table).map(({ name }) => name)
    // The renames of the switch come after this, in the same transaction.
    const rows = `${qualified(incoming, table.name)} t where t.${identifier(column)} = ${literal(day)}`
    const from = { day: column, rows, origin: 'run' } as const
    await session.execute(recordSql(publication.schema, table.name, names, from, 'replace'))
  }
}

/** SQLSTATE class 22, data exception: a recorded value is not of the declared type. */
const isMisfit = (error: unknown): boolean => error instanceof VitrineError && error.sqlState?.startsWith('22') === true

/**
 * Whether every recorded day can be published as the definition has it. Throws HISTORY_UNREADABLE with the columns for
 * which it cannot. `migrate` asks before it commits, a run before it reads the source.
 */
export async function requireLedgerFits(target: Target): Promise<void> {
  const { publication } = target
  const problems: Problem[] = []
  const refuse = () => new VitrineError('HISTORY_UNREADABLE', { place: publication.schema, problems })
  for (const table of publication.histories) {
    for (const column of figuresOf(table)) {
      try {
        problems.push(...(await gaps(target, table, column)))
      } catch (error) {
        if (!isMisfit(error)) throw error
        const remedy = 'give it back its former type, or declare the new one under another name'
        const detail = `recorded values are no ${column.type.name}`
        problems.push({ place: `${table.name}.${column.name}`, detail, remedy })
        // Nothing more can be asked: the transaction has failed.
        throw refuse()
      }
    }
  }
  if (problems.length > 0) throw refuse()
}

async function gaps(
  { session, publication }: Target,
  table: HistoryTable,
  column: PublishedColumn,
): Promise<Problem[]> {
  const problems: Problem[] = []
  const { columns, history } = shapeOf(table, publication)
  // sound because the shape of a history table has all its columns, and what fills it.
  const shape = columns.find(({ name }) => name === column.name) as ColumnShape
  const value = figureSql(shape, history as HistoryShape)
  const tooLow = column.minimum === null ? 'false' : `${value} < ${column.minimum}`
  const place = `${table.name}.${column.name}`
  const counts = `count(*) filter (where ${value} is null)::integer as missing, count(*) filter (where ${tooLow})::integer as low
     from vitrine.ledger l ${figuresAs([shape])} where ${ledgerRows(publication.schema, table.name)}`
  await quietly(session, `perform ${counts}`)
  const [found] = await session.query<{ missing: number; low: number }>(`select ${counts}`)
  const { missing, low } = found ?? { missing: 0, low: 0 }
  if (missing > 0 && !column.isNullable) {
    const remedy = 'declare it nullable, or give the earlier days a value with before(…)'
    problems.push({ place, detail: `${days(missing)} without this figure`, remedy })
  }
  if (low > 0) problems.push({ place, detail: `${days(low)} below ${column.minimum}`, remedy: 'lower the minimum' })
  return problems
}

const days = (count: number): string => (count === 1 ? 'one recorded day is' : `${count} recorded days are`)

/** Days in the ledger, by table. */
export interface RecordedDays {
  readonly table: string
  readonly count: number
  /** YYYY-MM-DD. */
  readonly first: string
  readonly last: string
}

/** Empty without bookkeeping. */
export async function recordedDays({ session, publication }: Target): Promise<readonly RecordedDays[]> {
  if (!(await ledgerExists(session))) return []
  return session.query<RecordedDays>(
    `select table_name as table, count(*)::integer as count, min(day)::text as first, max(day)::text as last
     from vitrine.ledger where schema_name = $1 group by 1 order by 1`,
    [publication.schema],
  )
}

export interface RecordedFigure {
  readonly table: string
  /** YYYY-MM-DD. */
  readonly day: string
  readonly column: string
  readonly value: string | null
}

/** Every figure of every recorded day, as `RecordedFigure`. */
export const ledgerCells = (schema: string): string =>
  `select l.table_name as "table", l.day::text, f.key as "column", f.value
   from vitrine.ledger l cross join lateral jsonb_each_text(l.figures) f where l.schema_name = ${literal(schema)}`
