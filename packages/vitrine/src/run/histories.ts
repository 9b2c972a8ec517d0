/**
 * History tables in a run. Checked before the source is read; staged after the other tables, from the ledger and, for the
 * day of the run, from the version about to be published; recorded inside the switch, so that a failed run
 * leaves no trace in the ledger.
 *
 * The day is the local day of the run's instant: a run just after midnight records the day that begins, with the state in
 * which it found the data, and a later run of that day replaces its figures.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { watchedRows } from '../copy/value-scan.ts'
import { publishedAsSource } from '../lineage/history-check.ts'
import { provedProjection } from '../lineage/lineage.ts'
import type { Session } from '../postgres/connect.ts'
import { refusalOf } from '../postgres/server-error.ts'
import type { HistoryTable } from '../publication/history.ts'
import { dayOf, daySelect, momentOf } from '../publication/history-select.ts'
import { stagingSchema } from '../publication/publication.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { isHistoryShape, ledgerSelect, requireLedgerFits } from '../record/ledger.ts'
import { typesOf } from '../source/projection-types.ts'
import { fits } from '../source/source-type.ts'
import { buildTable, type Load, stagedShape } from '../version/build.ts'
import { createTableSql } from '../version/ddl.ts'
import { makeWorkSchemas } from '../version/staging.ts'
import type { SyncRequest } from './request.ts'
import type { StageContext, StagedTable } from './stage.ts'

/**
 * Throws HISTORY_UNREADABLE, HISTORY_QUERY_FAILED when the target refuses a query over the tables of the definition,
 * SOURCE_TYPE_MISMATCH with every figure that is not of the type it declares. The staging schema must be empty: it gets empty
 * tables, in a transaction that is rolled back.
 */
export async function checkHistories(target: Target): Promise<void> {
  const { session, publication } = target
  const asked = [...publication.histories, ...publication.views]
  if (asked.length === 0) return
  await requireLedgerFits(target)
  const staging = stagingSchema(publication)
  await makeWorkSchemas(target)
  const tables = publication.tables.map((table) => createTableSql(staging, stagedShape(table, publication)))
  const problems: Problem[] = []
  await session.execute(['begin', ...tables].join('; '))
  try {
    for (const table of asked) problems.push(...(await typeProblems(target, table)))
  } finally {
    await session.execute('rollback')
  }
  if (problems.length > 0) throw new VitrineError('SOURCE_TYPE_MISMATCH', { place: publication.name, problems })
}

async function typeProblems({ session, publication }: Target, table: PublishedTable): Promise<Problem[]> {
  // Any day is good enough: only the types are needed.
  const { uncast } = daySelect(table, publication, stagingSchema(publication), new Date(0))
  const types = await typesOf(session, uncast).catch((error: unknown) => {
    throw asQueryFailure(error, table)
  })
  return table.columns.flatMap((column, index) => {
    const found = types[index]
    if (found !== undefined && fits(found, column.type)) return []
    const detail = `declared ${column.type.name}, found ${found?.name ?? 'an unknown type'}`
    return [
      { place: `${table.name}.${column.name}`, detail, remedy: 'convert it explicitly, or declare what it gives' },
    ]
  })
}

/** Classes 0A, 22 (a wrong constant) and 42 are mistakes in the query, not failures of the server or the connection. */
function asQueryFailure(error: unknown, table: PublishedTable): unknown {
  if (!(error instanceof VitrineError) || !/^(?:0A|22|42)/.test(error.sqlState ?? '')) return error
  return new VitrineError('HISTORY_QUERY_FAILED', {
    place: table.name,
    // The tables are empty, so the message cannot quote a row.
    detail: refusalOf(error)?.words ?? error.detail,
    sqlState: error.sqlState,
    cause: error,
  })
}

type Wish = Pick<SyncRequest, 'only' | 'trigger'>

/** Whether a history table is computed: all tables were read, it was chosen, or a table that it uses was read. */
function isComputed(table: HistoryTable, staged: readonly StagedTable[], { only, trigger }: Wish): boolean {
  // Rounds of `follow` do not record figures: those of a day come from the run of that day.
  if (trigger === 'follow') return false
  if (only === null || only.includes(table.name)) return true
  const { tables } = projectionOf(table)
  return staged.some((entry) => !entry.carried && tables.has(entry.table.name))
}

/** Stages every history table, after all other tables are complete in the staging schema. `reading` must be idle. */
export async function stageHistories(
  staged: readonly StagedTable[],
  wish: Wish,
  context: StageContext,
  reading: Session,
): Promise<readonly StagedTable[]> {
  const done: StagedTable[] = []
  for (const table of context.target.publication.histories) {
    done.push(await stage(table, isComputed(table, staged, wish), context, reading))
  }
  return done
}

async function stage(
  table: HistoryTable,
  computed: boolean,
  { target, staging, instant, columns, observer, signal }: StageContext,
  reading: Session,
): Promise<StagedTable> {
  const { publication } = target
  const started = performance.now()
  observer({ kind: 'table started', table: table.name })
  const shape = stagedShape(table, publication)
  if (!isHistoryShape(shape)) throw new VitrineError('INTERNAL', { place: table.name })
  const known = publishedAsSource(publication, staging, columns)
  const day = await provedProjection(known, table, momentOf(publication, staging, instant))
  const past = ledgerSelect(shape, publication.schema, computed ? dayOf(publication, instant) : null)
  const select = computed ? `${past} union all ${day.sql}` : past
  const names = table.columns.map(({ name }) => name)
  const load: Load = {
    source: reading.client,
    reading: 'target',
    select,
    columns: names,
    rows: watchedRows(table.columns),
    signal,
  }
  const { written, bytes } = await buildTable(target, shape, staging, load).catch((error: unknown) => {
    throw named(error, table)
  })
  const milliseconds = performance.now() - started
  observer({ kind: 'table staged', table: table.name, rows: written, milliseconds })
  const way = computed ? 'full' : 'carried'
  const reason = computed ? 'a history table is computed' : null
  const nothing = { unknown: {}, unknownKeys: {}, suppressed: null, changes: null, writer: null, looksBeyond: false }
  return { table, carried: !computed, rows: written, bytes, milliseconds, way, reason, ...nothing }
}

/** Adds the table's name to an error. */
function named(error: unknown, table: HistoryTable): unknown {
  if (!(error instanceof VitrineError) || error.code === 'INTERRUPTED') return error
  const { code, detail, sqlState } = error
  return new VitrineError(code, {
    place: table.name,
    cause: error,
    ...(detail === undefined ? {} : { detail }),
    ...(sqlState === undefined ? {} : { sqlState }),
  })
}
