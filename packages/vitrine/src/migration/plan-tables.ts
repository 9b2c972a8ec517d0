/**
 * Plans the tables: new, taken over, removed, and for each that stays its columns (`plan-columns.ts`) and its constraints
 * and indexes (`plan-keys.ts`). Finds what stands in the way: tables of another owner, dependents of others. Pure; called
 * by `plan.ts`.
 */

import type { Problem } from '../base/errors.ts'
import type { LiveDependent } from '../catalogue/live-dependents.ts'
import type { LiveSchema, LiveTable } from '../catalogue/live-shape.ts'
import type { TableShape } from '../publication/shape.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { columnChanges } from './column-change.ts'
import { addConstraintSql, commentSql, createIndexSql, createTableSql } from './ddl.ts'
import { columnSteps, commentSteps } from './plan-columns.ts'
import type { TableContext } from './plan-context.ts'
import { type KeySurvey, keySteps, surveyKeys } from './plan-keys.ts'
import { type PhasedStep, stepOf } from './plan-step.ts'

export interface PlannedTables {
  readonly steps: readonly PhasedStep[]
  readonly conflicts: readonly Problem[]
}

export interface TableSettings {
  readonly schema: string
  readonly writer: string
  readonly reader: string
}

export function planTables(
  live: LiveSchema,
  wanted: readonly TableShape[],
  applied: readonly TableShape[] | null,
  settings: TableSettings,
): PlannedTables {
  const contexts = wanted.map((shape) => contextOf(shape, live, applied, settings))
  const removed = removedTables(live, wanted, applied)
  const survey = surveyKeys(contexts)
  const steps: PhasedStep[] = []
  const conflicts: Problem[] = []
  const plan = (table: LiveTable | null, own: readonly PhasedStep[]) => {
    steps.push(...own)
    if (table?.owned === false && own.some(({ step }) => step.sql.length > 0)) {
      conflicts.push(foreignOwner(table, settings))
    }
  }
  for (const context of contexts) plan(context.live, tableSteps(context, survey, live.readerExists, settings))
  const dropped = new Set<string>()
  for (const table of removed) plan(table, [removedTableStep(table, removed, dropped, settings)])
  const ours = new Set([...wanted, ...removed.map(({ shape }) => shape)].map(({ name }) => name))
  conflicts.push(...live.dependents.flatMap((dependent) => conflictOf(dependent, contexts, removed, survey, ours)))
  return { steps, conflicts }
}

function contextOf(
  wanted: TableShape,
  live: LiveSchema,
  applied: readonly TableShape[] | null,
  { schema }: TableSettings,
): TableContext {
  const table = live.tables.find(({ shape }) => shape.name === wanted.name) ?? null
  const isKey = (column: string): boolean =>
    table?.shape.constraints.some(({ kind, columns }) => kind === 'foreign key' && columns.includes(column)) === true ||
    live.dependents.some(
      (other) => other.kind === 'refers' && other.table === wanted.name && other.columns.includes(column),
    )
  const changes = table === null ? [] : columnChanges(table, wanted.columns, isKey)
  const gone = changes.filter(({ fate }) => fate === 'removed' || fate === 'emptied').map(({ name }) => name)
  return {
    schema,
    wanted,
    live: table,
    applied: applied?.find(({ name }) => name === wanted.name) ?? null,
    changes,
    gone: new Set(gone),
  }
}

function tableSteps(
  context: TableContext,
  survey: KeySurvey,
  readerExists: boolean,
  { schema, reader }: TableSettings,
): readonly PhasedStep[] {
  const { live, wanted, applied } = context
  const keys = keySteps(context, survey)
  if (live === null) return [newTableStep(context, readerExists ? reader : null), ...keys]
  const steps = [...columnSteps(context), ...keys, ...commentSteps(context)]
  if (readerExists && !live.readable) {
    const sql = [`grant select on table ${qualified(schema, wanted.name)} to ${identifier(reader)}`]
    steps.push({ phase: 'grants', step: stepOf('grant', wanted.name, `${reader} may read ${wanted.name}`, sql) })
  }
  if (applied !== null) return steps
  const text = `table ${wanted.name}, which this tool did not make, is taken over: the next run replaces its rows`
  const adopted = stepOf('adopted table', wanted.name, text, [], { losesData: !live.isEmpty })
  return [{ phase: 'adopt', step: adopted }, ...steps]
}

function newTableStep({ schema, wanted, applied }: TableContext, reader: string | null): PhasedStep {
  const { name, columns, constraints, indexes } = wanted
  const keys = constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique')
  const sql = [
    createTableSql(schema, wanted),
    ...keys.map((key) => addConstraintSql(schema, name, key)),
    ...indexes.map((index) => createIndexSql(schema, name, index)),
    ...commentSql(schema, wanted),
    ...(reader === null ? [] : [`grant select on table ${qualified(schema, name)} to ${identifier(reader)}`]),
  ]
  const size = `${columns.length} column${columns.length === 1 ? '' : 's'}`
  const text = `table ${name} is created with ${size}, empty until the next run`
  return { phase: 'create', step: stepOf('new table', name, text, sql, { byHand: applied !== null }) }
}

/** Tables that the last migration made and the definition no longer has. */
function removedTables(
  live: LiveSchema,
  wanted: readonly TableShape[],
  applied: readonly TableShape[] | null,
): readonly LiveTable[] {
  const known = new Set((applied ?? []).map(({ name }) => name))
  const kept = new Set(wanted.map(({ name }) => name))
  return live.tables.filter(({ shape }) => known.has(shape.name) && !kept.has(shape.name))
}

/** Removed tables may refer to one another: the references to a table go just before it. */
function removedTableStep(
  table: LiveTable,
  removed: readonly LiveTable[],
  dropped: Set<string>,
  { schema }: TableSettings,
): PhasedStep {
  const { name } = table.shape
  const sql: string[] = []
  for (const { shape } of removed) {
    if (shape.name === name || dropped.has(shape.name)) continue
    for (const { kind, name: reference, references } of shape.constraints) {
      if (kind !== 'foreign key' || references !== name) continue
      sql.push(`alter table ${qualified(schema, shape.name)} drop constraint ${identifier(reference)}`)
    }
  }
  dropped.add(name)
  sql.push(`drop table ${qualified(schema, name)}`)
  const rows = table.isEmpty ? '' : ', with its rows'
  const step = stepOf('removed table', name, `table ${name} is dropped${rows}`, sql, { losesData: !table.isEmpty })
  return { phase: 'drop', step }
}

const foreignOwner = ({ shape, owner }: LiveTable, { schema, writer }: TableSettings): Problem => ({
  place: shape.name,
  detail: `it belongs to ${owner}`,
  remedy: `alter table ${qualified(schema, shape.name)} owner to ${identifier(writer)}`,
})

/** PostgreSQL would refuse, or drop the dependent under CASCADE; neither may be a surprise. */
function conflictOf(
  dependent: LiveDependent,
  contexts: readonly TableContext[],
  removed: readonly LiveTable[],
  survey: KeySurvey,
  ours: ReadonlySet<string>,
): readonly Problem[] {
  const { what, kind, table, columns, holder } = dependent
  const found = (place: string, verb: string): Problem => ({
    place,
    detail: `${what} ${verb} it`,
    remedy: `change or drop ${what}, then plan again`,
  })
  if (kind === 'refers' && holder !== null && ours.has(holder)) return []
  const verb = kind === 'reads' ? 'depends on' : 'refers to'
  if (removed.some(({ shape }) => shape.name === table)) return [found(table, verb)]
  if (kind === 'refers') {
    const key = `${table}(${columns.map(identifier).join(', ')})`
    return survey.droppedKeys.has(key) ? [found(`${table}.${columns.join(', ')}`, verb)] : []
  }
  const changes = contexts.find(({ wanted }) => wanted.name === table)?.changes ?? []
  return changes
    .filter(({ name, fate }) => fate !== 'kept' && fate !== 'new' && columns.includes(name))
    .map(({ name }) => found(`${table}.${name}`, verb))
}
