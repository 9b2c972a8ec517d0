/**
 * Brings days of a history table from a CSV file into the ledger, in one transaction. They are published with the next run,
 * like everything else that the reader sees. The file is that of `history-export.ts`, or of PostgreSQL's own CSV export of
 * the table. Called by the command `history import`.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { requireApproved } from '../migration/approval.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import { dayColumnOf, figuresOf, type HistoryTable, historyPartOf } from '../publication/history.ts'
import type { PublishedColumn } from '../publication/table.ts'
import { countRecorded, recordSql, requireLedgerFits } from '../record/ledger.ts'
import { identifier } from '../sql/quote.ts'
import { type CsvLine, parseCsv } from './csv.ts'
import { figureProblem, isDayText } from './figure.ts'
import { historyNamed } from './history-export.ts'

export interface ImportOptions {
  /** Days that the ledger has already are replaced instead of kept. */
  readonly replace: boolean
  /** Check everything, and record nothing. */
  readonly dryRun: boolean
}

export interface ImportReport {
  /** Days of the file. */
  readonly days: number
  readonly added: number
  /** Days that the ledger already had: unchanged, or replaced by those of the file. */
  readonly kept: number
  readonly replaced: number
  /** null for a file without days. */
  readonly first: string | null
  readonly last: string | null
}

/** Problems told one by one; more of them are counted. */
const PROBLEMS_TOLD = 50

/** The content of a file by column; values are texts in the format of their type. */
interface Days {
  readonly day: PublishedColumn
  readonly figures: readonly PublishedColumn[]
  readonly rows: readonly Readonly<Record<string, string | null>>[]
}

/**
 * Throws HISTORY_FILE_INVALID with every line that is not understood, before anything is written; RUN_IN_PROGRESS while a
 * run may be recording a day; TABLE_UNKNOWN, HISTORY_UNREADABLE, and what `requireApproved` throws.
 */
export async function importHistory(
  target: Target,
  name: string,
  csv: string,
  { replace, dryRun }: ImportOptions,
): Promise<ImportReport> {
  const { session, publication } = target
  const table = historyNamed(publication, name)
  const days = readDays(table, csv)
  await requireApproved(target)
  await takeRunLock(session, publication.schema)
  try {
    await session.execute('begin')
    const report = await record(target, table, days, replace)
    await requireLedgerFits(target)
    await session.execute(dryRun ? 'rollback' : 'commit')
    return report
  } catch (error) {
    await session.execute('rollback').catch(() => undefined)
    throw error
  } finally {
    await releaseRunLock(session, publication.schema)
  }
}

async function record(
  target: Target,
  table: HistoryTable,
  { day, figures, rows }: Days,
  replace: boolean,
): Promise<ImportReport> {
  const { session, publication } = target
  const dates = rows.map((row) => row[day.name] ?? '').toSorted()
  const known = await countRecorded(target, table.name, dates)
  const columns = [day, ...figures].map(({ name, type }) => `${identifier(name)} ${type.name}`).join(', ')
  const from = {
    day: day.name,
    rows: `jsonb_to_recordset($1::jsonb) as t (${columns})`,
    origin: 'import',
  } as const
  const names = figures.map(({ name }) => name)
  // Values go as a parameter: a server logs the text of a statement that fails.
  const sql = recordSql(publication.schema, table.name, names, from, replace ? 'replace' : 'keep')
  await session.query(sql, [JSON.stringify(rows)])
  return {
    days: rows.length,
    added: rows.length - known,
    kept: replace ? 0 : known,
    replaced: replace ? known : 0,
    first: dates[0] ?? null,
    last: dates.at(-1) ?? null,
  }
}

/** Reads the whole file. Throws HISTORY_FILE_INVALID; messages name lines and columns, never values. */
export function readDays(table: HistoryTable, csv: string): Days {
  const { lines, problems: mistakes } = parseCsv(csv)
  const problems: Problem[] = mistakes.map(({ line, detail }) => ({ place: `line ${line}`, detail }))
  const [header, ...body] = lines
  const columns = columnsOf(table, header, problems)
  const day = dayColumnOf(table)
  const figures = figuresOf(table).filter((column) => columns.includes(column))
  // Without a valid header the lines cannot be understood.
  const read = problems.length > mistakes.length ? [] : body
  const seen = new Map<string, number>()
  const rows = read.map((line) => rowOf(table, line, columns, seen, problems))
  if (problems.length > 0) {
    const told = problems.slice(0, PROBLEMS_TOLD)
    const detail = `${problems.length === 1 ? 'One problem' : `${problems.length} problems`}${problems.length > told.length ? `, ${told.length} of them listed` : ''}.`
    throw new VitrineError('HISTORY_FILE_INVALID', { place: table.name, detail, problems: told })
  }
  return { day, figures, rows }
}

/** The table's column for each field of the header; null for an unknown one. */
function columnsOf(
  table: HistoryTable,
  header: CsvLine | undefined,
  problems: Problem[],
): readonly (PublishedColumn | null)[] {
  const names = table.columns.map(({ name }) => name)
  const say = (place: string, detail: string) =>
    problems.push({ place, detail, remedy: `the columns are ${names.join(', ')}` })
  if (header === undefined) {
    say('line 1', 'the file has no header')
    return []
  }
  const columns = header.fields.map((field) => table.columns.find(({ name }) => name === field?.trim()) ?? null)
  columns.forEach((column, index) => {
    // The text is not quoted in the message: in a file without a header it is a value.
    if (column === null) say(`line ${header.number}, field ${index + 1}`, 'it is no column of the table')
    else if (columns.indexOf(column) < index) say(`line ${header.number}`, `${column.name} is there twice`)
  })
  for (const column of table.columns) {
    const needless =
      historyPartOf(column) === 'number' || column.isNullable || Object.hasOwn(table.earlier, column.name)
    if (!needless && !columns.includes(column)) say(`line ${header.number}`, `the column ${column.name} is missing`)
  }
  return columns
}

function rowOf(
  table: HistoryTable,
  { number, fields }: CsvLine,
  columns: readonly (PublishedColumn | null)[],
  seen: Map<string, number>,
  problems: Problem[],
): Readonly<Record<string, string | null>> {
  const row: Record<string, string | null> = Object.create(null)
  const say = (column: string, detail: string) => problems.push({ place: `line ${number}, ${column}`, detail })
  if (fields.length !== columns.length) {
    problems.push({ place: `line ${number}`, detail: `it has ${fields.length} fields, the header ${columns.length}` })
    return row
  }
  columns.forEach((column, index) => {
    const field = fields[index] ?? null
    if (column === null || historyPartOf(column) === 'number') return
    if (historyPartOf(column) === 'day') {
      const before = seen.get(field ?? '')
      if (field === null || !isDayText(field)) say(column.name, 'a date written YYYY-MM-DD is wanted')
      else if (before !== undefined) say(column.name, `the same day as on line ${before}`)
      else seen.set(field, number)
    } else if (field === null) {
      const free = column.isNullable || Object.hasOwn(table.earlier, column.name)
      if (!free) say(column.name, 'the value is missing')
    } else {
      const wanted = figureProblem(field, column)
      if (wanted !== null) say(column.name, `${wanted} is wanted`)
    }
    row[column.name] = field
  })
  return row
}
