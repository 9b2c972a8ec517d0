/**
 * The ledger: where the days of history tables are kept, in the bookkeeping, out of reach of what replaces or drops the
 * published schema. Gives the recorded days as a SELECT for the next version, records a day inside the switch, and tells
 * whether recorded days still fit the definition. Rows of other applications come in by `adoption.ts`, files by
 * `history-import.ts`.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { dayColumnOf, figuresOf, type HistoryTable, partOf } from '../publication/history.ts'
import { type Publication, stagingSchema } from '../publication/publication.ts'
import type { PublishedColumn } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/** The rows of one history table in the ledger, as a condition on `l`. */
export const ledgerRows = (schema: string, table: string): string =>
  `l.schema_name = ${literal(schema)} and l.table_name = ${literal(table)}`

/** A recorded figure as its declared type: NULL where the day has none and no earlier value is declared. */
function figureSql({ name, type }: PublishedColumn, { earlier }: HistoryTable): string {
  const recorded = `f.${identifier(name)}`
  const value = earlier[name]
  return value === undefined ? recorded : `coalesce(${recorded}, cast(${literal(value)} as ${type.castTo}))`
}

/** Reads the figures of `l` as `f`. PostgreSQL refuses a value that does not fit its type; nothing is cut or rounded. */
const figuresAs = (figures: readonly PublishedColumn[]): string =>
  `cross join lateral jsonb_to_record(l.figures) as f (${figures
    .map(({ name, type }) => `${identifier(name)} ${type.name}`)
    .join(', ')})`

function recordedSql(column: PublishedColumn, table: HistoryTable): string {
  const part = partOf(column)
  if (part === 'figure') return figureSql(column, table)
  return part === 'day' ? 'l.day' : `cast(l.day - cast('2000-01-01' as date) as ${column.type.castTo})`
}

/** The recorded days in the columns of the table, `exceptDay` (YYYY-MM-DD) left out. Without parameters, for COPY. */
export function ledgerSelect(table: HistoryTable, { schema }: Publication, exceptDay: string | null): string {
  const columns = table.columns.map((column) => `${recordedSql(column, table)} as ${identifier(column.name)}`)
  const except = exceptDay === null ? '' : ` and l.day <> ${literal(exceptDay)}`
  return `select ${columns.join(', ')} from vitrine.ledger l ${figuresAs(figuresOf(table))}
    where ${ledgerRows(schema, table.name)}${except}`
}

/**
 * Writes rows into the ledger: `select` gives a day and then the columns named, `keep` says what becomes of days that are
 * there already. Figures that a later definition dropped stay beside those that are written. `f.*`, because `f` alone would
 * be a column of that name.
 */
export function recordSql(
  publication: Publication,
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
    select ${literal(publication.schema)}, ${literal(table)}, t.${identifier(from.day)},
           (select to_jsonb(f.*) from (select ${figures}) as f), ${literal(from.origin)}, clock_timestamp()
    from ${from.rows}
    on conflict (schema_name, table_name, day) ${action}`
}

/** Inside the switch: the day's row of each table named goes from the published version into the ledger. */
export async function recordDay(
  target: Session,
  publication: Publication,
  tables: ReadonlySet<string>,
  day: string,
): Promise<void> {
  for (const table of publication.histories) {
    if (!tables.has(table.name)) continue
    const column = dayColumnOf(table).name
    const names = figuresOf(table).map(({ name }) => name)
    // The renames of the switch come after this, in the same transaction.
    const rows = `${qualified(stagingSchema(publication), table.name)} t where t.${identifier(column)} = ${literal(day)}`
    await target.execute(recordSql(publication, table.name, names, { day: column, rows, origin: 'run' }, 'replace'))
  }
}

/** SQLSTATE class 22, data exception: a recorded value is not of the declared type. */
const isMisfit = (error: unknown): boolean => error instanceof VitrineError && error.sqlState?.startsWith('22') === true

/**
 * Whether every recorded day can be published as the definition has it. Throws HISTORY_UNREADABLE with the columns for
 * which it cannot. `migrate` asks before it commits, a run before it reads the source.
 */
export async function requireLedgerFits(target: Session, publication: Publication): Promise<void> {
  const problems: Problem[] = []
  const refuse = () => new VitrineError('HISTORY_UNREADABLE', { place: publication.schema, problems })
  for (const table of publication.histories) {
    for (const column of figuresOf(table)) {
      try {
        problems.push(...(await gaps(target, table, column, publication)))
      } catch (error) {
        if (!isMisfit(error)) throw error
        const remedy = 'give it back its former type, or declare the new one under another name'
        const detail = `recorded values are no ${column.type.name}`
        problems.push({ place: `${table.name}.${column.name}`, detail, remedy })
        // At once, because in a transaction the session answers nothing more.
        throw refuse()
      }
    }
  }
  if (problems.length > 0) throw refuse()
}

async function gaps(
  target: Session,
  table: HistoryTable,
  column: PublishedColumn,
  { schema }: Publication,
): Promise<Problem[]> {
  const problems: Problem[] = []
  const value = figureSql(column, table)
  const tooLow = column.minimum === null ? 'false' : `${value} < ${column.minimum}`
  const place = `${table.name}.${column.name}`
  const [found] = await target.query<{ missing: number; low: number }>(
    `select count(*) filter (where ${value} is null)::integer as missing, count(*) filter (where ${tooLow})::integer as low
     from vitrine.ledger l ${figuresAs([column])} where ${ledgerRows(schema, table.name)}`,
  )
  const { missing, low } = found ?? { missing: 0, low: 0 }
  if (missing > 0 && !column.isNullable) {
    const remedy = 'declare it nullable, or give the earlier days a value with before(…)'
    problems.push({ place, detail: `${days(missing)} without this figure`, remedy })
  }
  if (low > 0) problems.push({ place, detail: `${days(low)} below ${column.minimum}`, remedy: 'lower the minimum' })
  return problems
}

const days = (count: number): string => (count === 1 ? 'one recorded day is' : `${count} recorded days are`)
