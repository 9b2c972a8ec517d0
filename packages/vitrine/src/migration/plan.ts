/**
 * Plans a migration: what to change so that the live schema becomes what the publication describes. Pure: live, wanted and
 * last applied shapes in, a frozen printable plan out. A run builds every table anew, so what cannot hold on the present
 * rows is left to it. Nothing that is not ours is dropped, and nothing by CASCADE. `migrate.ts` reads and executes.
 */

import type { Problem } from '../base/errors.ts'
import type { LiveRelation } from '../catalogue/live-relations.ts'
import type { LiveSchema, LiveTable } from '../catalogue/live-shape.ts'
import type { TableShape } from '../publication/shape.ts'
import type { OwnView } from '../record/own-views.ts'
import { identifier, qualified } from '../sql/quote.ts'
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

export interface PlanSettings {
  readonly schema: string
  readonly writer: string
  readonly reader: string
  /** The views of ours, for the reader. */
  readonly views: readonly OwnView[]
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
    ...settings.views.flatMap((view) => viewSteps(live, view, settings)),
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
  for (const wanted of settings.views) {
    const view = liveView(live, wanted)
    if (view !== undefined && isCurrent(view, wanted) && !view.readable)
      grant(view.name, `${reader} may read ${view.name}`, `select on table ${qualified(schema, view.name)}`)
  }
  return steps
}

const liveView = (live: LiveSchema, wanted: OwnView): LiveRelation | undefined =>
  live.others.find(({ kind, name }) => kind === 'view' && name === wanted.name)

const isCurrent = (view: LiveRelation, wanted: OwnView): boolean =>
  view.comment === wanted.comment && view.columns.join('\n') === wanted.columns.join('\n')

function viewSteps(live: LiveSchema, wanted: OwnView, { schema, reader }: PlanSettings): readonly PhasedStep[] {
  const view = liveView(live, wanted)
  if (view !== undefined && isCurrent(view, wanted)) return []
  const name = qualified(schema, wanted.name)
  const drop = view === undefined ? [] : [`drop view ${name}`]
  const grant = live.readerExists ? [`grant select on table ${name} to ${identifier(reader)}`] : []
  const verb = view === undefined ? 'created' : 'created again with other columns or another comment'
  const text = `view ${wanted.name}, which tells ${wanted.tells}, is ${verb}`
  const kind = view === undefined ? 'new view' : 'changed view'
  return [{ phase: 'views', step: stepOf(kind, wanted.name, text, [...drop, wanted.sql, ...grant]) }]
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
  const { views, schema, writer } = settings
  const viewNames = new Set(views.map(({ name }) => name))
  const names = new Set([...wanted.map(({ name }) => name), ...viewNames])
  const taken = (name: string, kind: string) =>
    problems.push({
      place: name,
      detail: `a ${kind} has the name of a published relation`,
      remedy: `alter ${kind} ${qualified(schema, name)} rename to …, or rename the published one`,
    })
  for (const { name, kind } of live.others) {
    const isOurs = kind === 'view' && viewNames.has(name)
    if (TAKES_NAMES.has(kind) && names.has(name) && !isOurs) taken(name, kind)
  }
  for (const { shape } of live.tables) if (viewNames.has(shape.name)) taken(shape.name, 'table')
  for (const own of views) {
    const view = liveView(live, own)
    if (view === undefined || view.owned || isCurrent(view, own)) continue
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
  const views = settings.views.map((own) => liveView(live, own))
  return [
    ...live.tables.filter((table) => !isOurs(table)).map(({ shape }) => `table ${shape.name}`),
    ...live.others.filter((other) => !views.includes(other)).map(({ kind, name }) => `${kind} ${name}`),
  ]
}
