/**
 * Drop: takes away what the tool made in the target, and nothing else. The published schema itself stays, empty, because
 * the reader's rights and the default privileges are its own: `rebuild` fills it again. The record of runs stays too, and
 * so do the recorded days of history tables, unless they are named explicitly. Called by the command `drop`.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import { dependentsOf } from '../catalogue/dependents.ts'
import { readTables } from '../catalogue/live-shape.ts'
import { objectsIn, type SchemaObject } from '../catalogue/objects.ts'
import type { PlacedRelation } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { unrecordedHistories } from '../migration/adoption.ts'
import type { Session } from '../postgres/connect.ts'
import { takeRunLock } from '../postgres/lock.ts'
import { patiently } from '../postgres/patience.ts'
import { BOOKKEEPING_SCHEMA, type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { forgetSql } from '../record/forget.ts'
import { ownRecord } from '../record/installation.ts'
import { type RecordedDays, recordedDays } from '../record/ledger.ts'
import { ownNames, ownRelations } from '../record/made.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { outsideProblems } from '../version/carry.ts'
import { findWorkSchemas, lastingSchemas } from '../version/staging.ts'

export interface DropStep {
  readonly text: string
  readonly sql: string
}

export interface DropPlan extends DropWish {
  readonly publication: Publication
  /** Number of recorded days, whether they are dropped or not. */
  readonly days: number
  /** Empty when there is nothing of ours left. */
  readonly steps: readonly DropStep[]
  /** Objects that stay in the published schema, by kind and name, and the schema itself. */
  readonly kept: readonly string[]
  /** What must be dropped or changed by the team first; nothing is done while there is one. */
  readonly blockers: readonly Problem[]
}

/** Which of the schemas exist, in the order given. */
async function standing(session: Session, schemas: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    'select nspname as name from pg_catalog.pg_namespace where nspname = any ($1)',
    [[...schemas]],
  )
  return schemas.filter((schema) => rows.some(({ name }) => name === schema))
}

const ownedByOthers = (ours: readonly PlacedRelation[]): readonly Problem[] =>
  ours
    .filter(({ owned }) => !owned)
    .map(({ schema, name, kind, owner }) => ({
      place: qualified(schema, name),
      detail: `it belongs to ${owner}`,
      remedy: `as ${owner} or a superuser: drop ${kind === 'v' ? 'view' : 'table'} ${qualified(schema, name)};`,
    }))

const strangers = (objects: readonly SchemaObject[]): readonly Problem[] =>
  objects.map(({ schema, type, identity }) => ({
    place: `${type} ${identity}`,
    detail: `it stands in ${schema}, a schema that this tool made and would drop`,
    remedy: 'move it to another schema',
  }))

function stepsFor(
  ours: readonly PlacedRelation[],
  dropped: readonly string[],
  schema: string,
  isRecorded: boolean,
  days: readonly RecordedDays[],
): DropStep[] {
  const names = (kind: 'r' | 'v') =>
    ours.filter((relation) => relation.kind === kind).map(({ schema, name }) => qualified(schema, name))
  const [views, tables] = [names('v'), names('r')]
  const steps: DropStep[] = []
  const drop = (word: string, list: readonly string[]) => {
    // One statement for all, because they refer to each other; never CASCADE. Relations that no longer exist are no error.
    if (list.length > 0)
      steps.push({ text: `drop ${word}: ${list.join(', ')}`, sql: `drop ${word} if exists ${list.join(', ')}` })
  }
  drop('view', views)
  drop('table', tables)
  drop('schema', dropped.map(identifier))
  const forget = forgetSql(schema)
  if (isRecorded)
    steps.push({
      text: `forget what was approved for ${schema}, and how old its tables were`,
      sql: forget.installation,
    })
  for (const { table, count, first, last } of days) {
    steps.push({
      text: `forget for ever the ${count} recorded day${count === 1 ? '' : 's'} of ${table}, from ${first} to ${last}`,
      sql: forget.days(table),
    })
  }
  return steps
}

export interface DropWish {
  /** The recorded days of history tables go as well. */
  readonly history: boolean
}

/**
 * Plans what is removed, what is kept and what is in the way. Only what was recorded with a version is ours: a table of the same name that
 * somebody else made is kept. Changes nothing. Throws TARGET_OTHER_INSTALLATION when another publication fills the schema,
 * TARGET_NOT_MIGRATED when the bookkeeping is of an earlier layout.
 */
export async function planDrop(target: Target, { history }: DropWish = { history: false }): Promise<DropPlan> {
  const { session, publication } = target
  const { schema } = publication
  const record = await ownRecord(target)
  if (record !== null) await requireBookkeeping(session, schema)
  const workSchemas = (await findWorkSchemas(target)).filter(({ ours }) => ours).map((work) => work.name)
  const lasting = await lastingSchemas(target)
  const ours = await ownRelations(target, [schema, ...workSchemas])
  const own = new Set(ours.map(({ oid }) => oid))
  const others = (await objectsIn(session, [schema, ...workSchemas])).filter(
    ({ catalog, oid }) => !(catalog === 'pg_class' && own.has(oid)),
  )
  const days = await recordedDays(target)
  const dropped = workSchemas.filter((work) => !lasting.includes(work))
  const dependents = await dependentsOf(
    session,
    ours.map(({ oid }) => oid),
  )
  return Object.freeze({
    publication,
    history,
    days: days.reduce((sum, { count }) => sum + count, 0),
    steps: stepsFor(ours, dropped, schema, record !== null, history ? days : []),
    kept: [
      ...others.filter((object) => object.schema === schema).map(kept),
      ...(await keptSchemas(target, lasting, history)),
    ],
    blockers: [
      ...outsideProblems(dependents),
      ...ownedByOthers(ours),
      ...strangers(others.filter((object) => object.schema !== schema)),
      ...(history ? [] : await unrecorded(target, own)),
    ],
  })
}

const kept = ({ type, identity, owner }: SchemaObject): string => `${type} ${identity} of ${owner}`

async function keptSchemas(
  { session, publication }: Target,
  lasting: readonly string[],
  history: boolean,
): Promise<readonly string[]> {
  const { schema, writer } = publication
  const texts = new Map([
    [schema, `schema ${identifier(schema)} with the rights on it`],
    ...lasting.map((name) => [name, `schema ${identifier(name)}, empty: ${writer} could not create it again`] as const),
    [BOOKKEEPING_SCHEMA, `schema ${BOOKKEEPING_SCHEMA} with the record of runs${history ? '' : ' and the history'}`],
  ])
  return (await standing(session, [...texts.keys()])).map((name) => texts.get(name) ?? name)
}

/** History tables with days that exist nowhere else, because somebody wrote them by hand. */
async function unrecorded(target: Target, ours: ReadonlySet<string>): Promise<readonly Problem[]> {
  const { session, publication } = target
  const live = await readTables(session, publication.schema, publication.writer)
  return unrecordedHistories(
    target,
    live.filter(({ oid }) => ours.has(oid)),
  )
}

const requireNoBlockers = (place: string, problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new VitrineError('DEPENDENT_BLOCKS', { place, problems })
}

/**
 * Carries out the plan in one transaction. It takes the run lock, which the session keeps until its end, so that no run publishes
 * into what is being dropped. Throws DEPENDENT_BLOCKS, RUN_IN_PROGRESS, SWITCH_BLOCKED, and PLAN_CONFLICT when days have been
 * recorded that nobody has agreed to forget; nothing is then changed.
 */
export async function applyDrop(target: Target, plan: DropPlan): Promise<void> {
  const { session, publication } = target
  const { schema, limits } = publication
  requireNoBlockers(schema, plan.blockers)
  if (plan.steps.length === 0) return
  await takeRunLock(session, schema)
  const days = (await recordedDays(target)).reduce((sum, { count }) => sum + count, 0)
  if (plan.history && days !== plan.days) {
    const detail = `${plan.days} recorded days were shown, and there are ${days} now.`
    throw new VitrineError('PLAN_CONFLICT', {
      place: schema,
      detail,
      remedy: remedy`Run ${command('drop')} again; nothing was touched.`,
    })
  }
  const names = await ownNames(target, [schema, stagingSchema(publication), retiredSchema(publication)])
  const patience = { tries: limits.switchTries, pauseMs: () => limits.switchPauseMs }
  const drop = () =>
    session.transaction(async () => {
      await session.execute(`set local lock_timeout = ${limits.switchLockTimeoutMs}`)
      for (const { sql } of plan.steps) await session.execute(sql)
    })
  await patiently(session, names, patience, drop).catch(async (error: unknown) => {
    // 2BP01, dependent_objects_still_exist: something was built on our tables since the plan was made.
    if (error instanceof VitrineError && error.sqlState === '2BP01')
      requireNoBlockers(schema, (await planDrop(target, plan)).blockers)
    throw error
  })
}
