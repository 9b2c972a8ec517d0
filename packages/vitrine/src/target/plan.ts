/**
 * Plans a migration: what to change so that the live schema becomes what the publication describes. Pure: live, wanted and
 * last applied shapes in, a frozen printable plan out. A run builds every table anew, so what cannot hold on the present
 * rows is left to it. Nothing that is not ours is dropped, and nothing by CASCADE. `migrate.ts` reads and executes.
 */
import type { Problem } from '../base/errors.ts'
import { identifier, qualified, type TableShape } from '../publication/shape.ts'
import type { LiveRelation } from './live-relations.ts'
import type { LiveSchema, LiveTable } from './live-shape.ts'
import { inOrder, type MigrationStep, type PhasedStep, stepOf } from './plan-step.ts'
import { planTables } from './plan-tables.ts'

export type { MigrationStep, StepKind } from './plan-step.ts'

export interface MigrationPlan {
  readonly schema: string
  /** In the order of execution. */
  readonly steps: readonly MigrationStep[]
  /** What somebody must settle first; nothing is applied while there is one. */
  readonly conflicts: readonly Problem[]
  /** Relations in the schema that this tool never made, as `table django_migrations`: left alone. */
  readonly foreign: readonly string[]
}

export interface PlannedView {
  readonly name: string
  readonly comment: string
  readonly columns: readonly string[]
  /** Creates the view, its comment included. */
  readonly sql: string
}

export interface PlanSettings {
  readonly schema: string
  readonly writer: string
  readonly reader: string
  readonly freshness: PlannedView
}

/** `applied`: the shapes that the last migration wrote down, or null when there was none. */
export function planMigration(
  live: LiveSchema,
  wanted: readonly TableShape[],
  applied: readonly TableShape[] | null,
  settings: PlanSettings,
): MigrationPlan {
  const tables = planTables(live, wanted, applied, settings)
  const steps = [
    ...schemaSteps(live, settings),
    ...tables.steps,
    ...freshnessSteps(live, settings),
    ...readerSteps(live, settings),
  ]
  const conflicts = [...tables.conflicts, ...nameConflicts(live, wanted, settings)]
  return Object.freeze({
    schema: settings.schema,
    steps: inOrder(steps),
    conflicts: Object.freeze(conflicts),
    foreign: Object.freeze(foreignRelations(live, wanted, applied, settings)),
  })
}

/** The steps for which a run must wait: whatever `migrate` can do today. What waits for a run does not hold it up. */
export const blockingSteps = (plan: MigrationPlan): readonly MigrationStep[] =>
  plan.steps.filter(({ effect }) => effect === 'now')

function schemaSteps(live: LiveSchema, { schema }: PlanSettings): readonly PhasedStep[] {
  if (live.exists) return []
  const sql = `create schema ${identifier(schema)}`
  return [{ phase: 'schema', step: stepOf('new schema', schema, `schema ${schema} is created`, [sql]) }]
}

/** The reader's rights but for those on the tables, which are planned with them. */
function readerSteps(live: LiveSchema, settings: PlanSettings): readonly PhasedStep[] {
  const { schema, reader } = settings
  if (!live.readerExists) {
    const text = `role ${reader} does not exist, so nobody reads the tables: run provision`
    return [{ phase: 'grants', step: stepOf('missing reader', reader, text, [], { effect: 'next run' }) }]
  }
  const steps: PhasedStep[] = []
  const grant = (place: string, text: string, sql: string) =>
    steps.push({ phase: 'grants', step: stepOf('grant', place, text, [`grant ${sql} to ${identifier(reader)}`]) })
  if (!live.readerMayEnter)
    grant(schema, `${reader} may enter schema ${schema}`, `usage on schema ${identifier(schema)}`)
  const view = freshnessView(live, settings)
  if (view !== undefined && isCurrent(view, settings) && !view.readable) {
    grant(view.name, `${reader} may read ${view.name}`, `select on table ${qualified(schema, view.name)}`)
  }
  return steps
}

const freshnessView = (live: LiveSchema, { freshness }: PlanSettings): LiveRelation | undefined =>
  live.others.find(({ kind, name }) => kind === 'view' && name === freshness.name)

const isCurrent = (view: LiveRelation, { freshness }: PlanSettings): boolean =>
  view.comment === freshness.comment && view.columns.join('\n') === freshness.columns.join('\n')

function freshnessSteps(live: LiveSchema, settings: PlanSettings): readonly PhasedStep[] {
  const { schema, freshness, reader } = settings
  const view = freshnessView(live, settings)
  if (view !== undefined && isCurrent(view, settings)) return []
  const name = qualified(schema, freshness.name)
  const drop = view === undefined ? [] : [`drop view ${name}`]
  const grant = live.readerExists ? [`grant select on table ${name} to ${identifier(reader)}`] : []
  const verb = view === undefined ? 'created' : 'created again with other columns or another comment'
  const text = `view ${freshness.name}, which tells how old each table is, is ${verb}`
  const step = stepOf('freshness view', freshness.name, text, [...drop, freshness.sql, ...grant])
  return [{ phase: 'views', step }]
}

/** Relations and types share their names with tables: CREATE TABLE makes a type of the same name. */
const TAKES_NAMES = new Set([
  'view',
  'materialized view',
  'sequence',
  'foreign table',
  'partitioned table',
  'type',
  'domain',
])

function nameConflicts(live: LiveSchema, wanted: readonly TableShape[], settings: PlanSettings): readonly Problem[] {
  const problems: Problem[] = []
  const { freshness, schema, writer } = settings
  const names = new Set([...wanted.map(({ name }) => name), freshness.name])
  const taken = (name: string, kind: string) =>
    problems.push({
      place: name,
      detail: `a ${kind} has the name of a published relation`,
      remedy: `alter ${kind} ${qualified(schema, name)} rename to …, or rename the published one`,
    })
  for (const { name, kind } of live.others) {
    const isFreshness = kind === 'view' && name === freshness.name
    if (TAKES_NAMES.has(kind) && names.has(name) && !isFreshness) taken(name, kind)
  }
  if (live.tables.some(({ shape }) => shape.name === freshness.name)) taken(freshness.name, 'table')
  const view = freshnessView(live, settings)
  if (view !== undefined && !view.owned && !isCurrent(view, settings)) {
    const remedy = `alter view ${qualified(schema, view.name)} owner to ${identifier(writer)}`
    problems.push({ place: view.name, detail: `it belongs to ${view.owner}`, remedy })
  }
  return problems
}

function foreignRelations(
  live: LiveSchema,
  wanted: readonly TableShape[],
  applied: readonly TableShape[] | null,
  settings: PlanSettings,
): readonly string[] {
  const ours = new Set([...wanted, ...(applied ?? [])].map(({ name }) => name))
  const isOurs = ({ shape }: LiveTable) => ours.has(shape.name)
  const view = freshnessView(live, settings)
  return [
    ...live.tables.filter((table) => !isOurs(table)).map(({ shape }) => `table ${shape.name}`),
    ...live.others.filter((other) => other !== view).map(({ kind, name }) => `${kind} ${name}`),
  ]
}
