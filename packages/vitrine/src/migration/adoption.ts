/**
 * Adoption: the days of a live history table that the ledger does not have are taken into it by `migrate`, before anything
 * could drop or replace them. That is how the table of an application that published before us keeps its past. Extends a
 * migration plan; called by `migrate.ts` and `drop.ts`.
 */

import type { Problem } from '../base/errors.ts'
import type { LiveSchema, LiveTable } from '../catalogue/live-shape.ts'
import type { Session } from '../postgres/connect.ts'
import { dayColumnOf, figuresOf, type HistoryTable, partOf } from '../publication/history.ts'
import type { Publication } from '../publication/publication.ts'
import { ledgerRows, recordSql } from '../record/ledger.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { keepsValues } from './column-change.ts'
import type { MigrationPlan } from './plan.ts'
import { type MigrationStep, stepOf } from './plan-step.ts'

/** The plan with the history tables' days in front of everything that changes a table. */
export async function planWithAdoption(
  target: Session,
  publication: Publication,
  live: LiveSchema,
  plan: MigrationPlan,
): Promise<MigrationPlan> {
  if (publication.histories.length === 0) return plan
  const steps: MigrationStep[] = []
  const conflicts: Problem[] = []
  for (const table of publication.histories) {
    const found = live.tables.find(({ shape }) => shape.name === table.name)
    if (found === undefined) continue
    if (!found.owned) {
      // The writer could neither read its days nor replace it.
      if (!plan.conflicts.some(({ place }) => place === table.name)) conflicts.push(foreign(found, publication))
      continue
    }
    const { missing, unusable } = await survey(target, publication, table, found)
    if (missing === 0 && unusable === 0) continue
    conflicts.push(...obstacles(publication, table, found, unusable))
    const days = missing === 1 ? `one day of ${table.name} goes` : `${missing} days of ${table.name} go`
    const text = `${days} into its history`
    if (missing > 0) steps.push(stepOf('adopted history', table.name, text, [adoptionSql(publication, table, found)]))
  }
  const histories = new Set(publication.histories.map(({ name }) => name))
  return Object.freeze({
    ...plan,
    steps: Object.freeze([...steps, ...plan.steps.map((step) => (histories.has(step.place) ? kept(step) : step))]),
    conflicts: Object.freeze([...plan.conflicts, ...conflicts]),
  })
}

const foreign = ({ shape, owner }: LiveTable, { schema, writer }: Publication): Problem => ({
  place: shape.name,
  detail: `it belongs to ${owner}`,
  remedy: `alter table ${qualified(schema, shape.name)} owner to ${identifier(writer)}`,
})

/** A history table that is taken over loses nothing: its days are in the ledger by then. */
function kept(step: MigrationStep): MigrationStep {
  if (step.kind !== 'adopted table') return step
  return stepOf(
    step.kind,
    step.place,
    `table ${step.place}, which this tool did not make, is taken over with its days`,
    [],
  )
}

const dayIn = (table: HistoryTable, { shape }: LiveTable): string | null => {
  const { name } = dayColumnOf(table)
  return shape.columns.some((column) => column.name === name && column.type === 'date') ? name : null
}

/** Not an ordinary day, so that it has no place in a ledger of days. */
const noDay = (day: string): string => `t.${identifier(day)} is null or not isfinite(t.${identifier(day)})`

interface Survey {
  /** Days of the live table that the ledger does not have. */
  readonly missing: number
  /** Rows that share their day with another, or have none. */
  readonly unusable: number
}

async function survey(target: Session, { schema }: Publication, table: HistoryTable, live: LiveTable): Promise<Survey> {
  const [ledger] = await target.query<{ exists: boolean }>(
    `select pg_catalog.to_regclass('vitrine.ledger') is not null as "exists"`,
  )
  const recorded = ledger?.exists === true
  const day = dayIn(table, live)
  if (day === null) {
    // Without its day nothing of the table can be compared; one that the ledger knows was published from there.
    const from = recorded
      ? `where not exists (select from vitrine.ledger l where ${ledgerRows(schema, table.name)})`
      : ''
    const [rows] = await target.query<{ count: number }>(
      `select count(*)::integer as count from ${qualified(schema, table.name)} ${from}`,
    )
    return { missing: 0, unusable: rows?.count ?? 0 }
  }
  const known = recorded
    ? `exists (select from vitrine.ledger l where ${ledgerRows(schema, table.name)} and l.day = t.${identifier(day)})`
    : 'false'
  const [found] = await target.query<{ rows: number; missing: number; unusable: number }>(
    `select count(*)::integer as rows, count(distinct t.${identifier(day)})::integer as missing,
            count(*) filter (where ${noDay(day)})::integer as unusable
     from ${qualified(schema, table.name)} t where ${known} is not true`,
  )
  const { rows, missing, unusable } = found ?? { rows: 0, missing: 0, unusable: 0 }
  return { missing, unusable: Math.max(unusable, rows - missing) }
}

const rowsOf = (count: number): string => (count === 1 ? 'one row' : `${count} rows`)

/** What keeps the days of the live table out of the ledger. */
function obstacles(
  { schema }: Publication,
  table: HistoryTable,
  live: LiveTable,
  unusable: number,
): readonly Problem[] {
  const remedy = `alter table ${qualified(schema, table.name)} rename to …, or bring it in line; its rows are the history`
  const problem = (place: string, detail: string): Problem => ({ place, detail, remedy })
  const day = dayIn(table, live)
  if (day === null) {
    return [problem(table.name, `it has ${rowsOf(unusable)} and no column ${dayColumnOf(table).name} of type date`)]
  }
  const problems: Problem[] = []
  if (unusable > 0) problems.push(problem(`${table.name}.${day}`, `${rowsOf(unusable)} without a day of its own`))
  for (const { name, type } of figuresOf(table)) {
    const column = live.shape.columns.find((candidate) => candidate.name === name)
    if (column === undefined || column.type === type.name || keepsValues(column.type, type.name, false)) continue
    problems.push(problem(`${table.name}.${name}`, `it is of type ${column.type}, and ${type.name} is wanted`))
  }
  return problems
}

/** Columns that the definition does not have are recorded too: what is in the ledger cannot be lost. */
function adoptionSql(publication: Publication, table: HistoryTable, live: LiveTable): string {
  const day = dayColumnOf(table).name
  const derived = new Set(table.columns.filter((column) => partOf(column) !== 'figure').map(({ name }) => name))
  const columns = live.shape.columns.map(({ name }) => name).filter((name) => !derived.has(name))
  const rows = `${qualified(publication.schema, table.name)} t`
  return recordSql(publication, table.name, columns, { day, rows, origin: 'adoption' }, 'keep')
}

/** Before a drop: history tables of the schema whose days are not all in the ledger. */
export async function unrecordedHistories(
  target: Session,
  publication: Publication,
  live: LiveSchema,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const table of publication.histories) {
    const found = live.tables.find(({ shape }) => shape.name === table.name)
    if (found === undefined) continue
    const { missing, unusable } = await survey(target, publication, table, found)
    const detail = `${rowsOf(Math.max(missing, unusable))} of it in no history`
    if (missing > 0 || unusable > 0) problems.push({ place: table.name, detail, remedy: 'run `vitrine migrate` first' })
  }
  return problems
}
