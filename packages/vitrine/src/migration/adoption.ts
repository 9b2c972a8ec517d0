/**
 * Adoption: days of a live history table that the ledger lacks are copied into it, before a switch could replace the
 * table. This keeps the past of a table that another application published before. Part of a migration plan;
 * called by `plan.ts`, `migrate`, drop and the check phase of a run.
 */
import type { Problem } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import type { LiveTable } from '../catalogue/live-shape.ts'
import type { Target } from '../catalogue/target.ts'
import { dayColumnOf, figuresOf, type HistoryTable, historyPartOf } from '../publication/history.ts'
import type { Publication } from '../publication/publication.ts'
import { isRecorded, ledgerExists, recordSql } from '../record/ledger.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { type MigrationStep, stepOf } from './shape-difference.ts'

export interface AdoptionPlan {
  /** Names of the history tables that stand in the published schema. */
  readonly histories: ReadonlySet<string>
  readonly steps: readonly MigrationStep[]
  readonly conflicts: readonly Problem[]
  /** Copies the missing days into the ledger. */
  readonly sql: readonly string[]
}

/** `live`: our tables in the published schema, and those that are taken over. */
export async function adoptionPlan(target: Target, live: readonly LiveTable[]): Promise<AdoptionPlan> {
  const { publication } = target
  const [histories, steps, conflicts, sql] = [new Set<string>(), [] as MigrationStep[], [] as Problem[], [] as string[]]
  for (const table of publication.histories) {
    const found = live.find(({ shape }) => shape.name === table.name)
    // The writer cannot read a table of another role: the plan lists that as a conflict already.
    if (found === undefined || !found.owned) continue
    histories.add(table.name)
    const { missing, unusable } = await survey(target, table, found)
    if (missing === 0 && unusable === 0) continue
    conflicts.push(...obstacles(publication, table, found, unusable))
    const days = missing === 1 ? `one day of ${table.name} goes` : `${missing} days of ${table.name} go`
    if (missing === 0) continue
    steps.push(stepOf('adopted history', table.name, `${days} into its history`))
    sql.push(adoptionSql(publication, table, found))
  }
  return { histories, steps, conflicts, sql }
}

const dayIn = (table: HistoryTable, { shape }: LiveTable): string | null => {
  const { name } = dayColumnOf(table)
  return shape.columns.some((column) => column.name === name && column.type === 'date') ? name : null
}

/** Condition: not a usable day (NULL or infinite). */
const noDay = (day: string): string => `t.${identifier(day)} is null or not isfinite(t.${identifier(day)})`

interface Survey {
  /** Days of the live table that the ledger does not have. */
  readonly missing: number
  /** Rows that share their day with another, or have none. */
  readonly unusable: number
}

async function survey({ session, publication }: Target, table: HistoryTable, live: LiveTable): Promise<Survey> {
  const { schema } = publication
  const recorded = await ledgerExists(session)
  const day = dayIn(table, live)
  if (day === null) {
    // Without a day column nothing can be compared. Days that the ledger has were published from it.
    const from = recorded ? `where not ${isRecorded(schema, table.name)}` : ''
    const [rows] = await session.query<{ count: number }>(
      `select count(*)::integer as count from ${qualified(schema, table.name)} ${from}`,
    )
    return { missing: 0, unusable: rows?.count ?? 0 }
  }
  const known = recorded ? isRecorded(schema, table.name, `t.${identifier(day)}`) : 'false'
  const [found] = await session.query<{ rows: number; missing: number; unusable: number }>(
    `select count(*)::integer as rows, count(distinct t.${identifier(day)})::integer as missing,
            count(*) filter (where ${noDay(day)})::integer as unusable
     from ${qualified(schema, table.name)} t where ${known} is not true`,
  )
  const { rows, missing, unusable } = found ?? { rows: 0, missing: 0, unusable: 0 }
  return { missing, unusable: Math.max(unusable, rows - missing) }
}

const rowsOf = (count: number): string => (count === 1 ? 'one row' : `${count} rows`)

/** Integer types: the ledger accepts any of them for any other, if the value fits. */
const INTEGERS: readonly string[] = ['smallint', 'integer', 'bigint']
const isText = (type: string): boolean => type === 'text' || type.startsWith('character')

/** Whether figures of one type can be recorded for a column of another; the ledger checks each value. */
const fitsFigure = (from: string, to: string): boolean =>
  from.replace(/\(\d+(?:,-?\d+)?\)/, '') === to ||
  (INTEGERS.includes(from) && (INTEGERS.includes(to) || /^(numeric|real|double)/.test(to))) ||
  (isText(from) && isText(to))

/** What keeps the days of the live table out of the ledger. */
function obstacles(
  { schema }: Publication,
  table: HistoryTable,
  live: LiveTable,
  unusable: number,
): readonly Problem[] {
  const rename = `alter table ${qualified(schema, table.name)} rename to …, or bring it in line; its rows are the history`
  const problem = (place: string, detail: string): Problem => ({ place, detail, remedy: rename })
  const day = dayIn(table, live)
  if (day === null) {
    return [problem(table.name, `it has ${rowsOf(unusable)} and no column ${dayColumnOf(table).name} of type date`)]
  }
  const problems: Problem[] = []
  if (unusable > 0) problems.push(problem(`${table.name}.${day}`, `${rowsOf(unusable)} without a day of its own`))
  for (const { name, type } of figuresOf(table)) {
    const column = live.shape.columns.find((candidate) => candidate.name === name)
    if (column === undefined || column.type === type.name || fitsFigure(column.type, type.name)) continue
    problems.push(problem(`${table.name}.${name}`, `it is of type ${column.type}, and ${type.name} is wanted`))
  }
  return problems
}

/** Columns that the definition does not have are recorded too: what is in the ledger cannot be lost. */
function adoptionSql(publication: Publication, table: HistoryTable, live: LiveTable): string {
  const day = dayColumnOf(table).name
  const derived = new Set(table.columns.filter((column) => historyPartOf(column) !== 'figure').map(({ name }) => name))
  const columns = live.shape.columns.map(({ name }) => name).filter((name) => !derived.has(name))
  const rows = `${qualified(publication.schema, table.name)} t`
  return recordSql(publication.schema, table.name, columns, { day, rows, origin: 'adoption' }, 'keep')
}

/** Before a drop: history tables of the schema whose days are not all in the ledger. */
export async function unrecordedHistories(target: Target, live: readonly LiveTable[]): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const table of target.publication.histories) {
    const found = live.find(({ shape }) => shape.name === table.name)
    if (found === undefined) continue
    const { missing, unusable } = await survey(target, table, found)
    const detail = `${rowsOf(Math.max(missing, unusable))} of it in no history`
    if (missing > 0 || unusable > 0)
      problems.push({ place: table.name, detail, remedy: remedy`run ${command('migrate')} first` })
  }
  return problems
}
