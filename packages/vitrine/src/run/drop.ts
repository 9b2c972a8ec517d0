/**
 * Drop: takes away what the tool made in the target, and nothing else. The published schema itself stays, empty, because
 * the reader's rights and the default privileges are its own: `rebuild` fills it again. The record of runs stays too, and
 * so do the recorded days of history tables, unless they are named explicitly. Called by the command `drop`.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import { readOtherRelations } from '../catalogue/live-relations.ts'
import { readLiveShapes } from '../catalogue/live-shape.ts'
import { namesIn, outsideDependents, type PlacedRelation, relationsIn } from '../catalogue/relations.ts'
import { unrecordedHistories } from '../migration/adoption.ts'
import { namingBlockers } from '../postgres/blockers.ts'
import type { Session } from '../postgres/connect.ts'
import { takeRunLock } from '../postgres/lock.ts'
import {
  BOOKKEEPING_SCHEMA,
  ownViewNames,
  type Publication,
  retiredSchema,
  stagingSchema,
} from '../publication/publication.ts'
import { bookkeepingVersion, readApplied, requireBookkeeping } from '../record/bookkeeping.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { findWorkSchemas, lastingSchemas } from '../version/staging.ts'

export interface DropStep {
  readonly text: string
  readonly sql: string
}

export interface DropPlan extends DropWish {
  readonly publication: Publication
  /** How many recorded days there are, whether they go or not. */
  readonly days: number
  /** Empty when there is nothing of ours left. */
  readonly steps: readonly DropStep[]
  /** What stays although it stands in the published schema, by kind and name, and the schema itself. */
  readonly kept: readonly string[]
  /** What must be dropped or changed by the team first; nothing is done while there is one. */
  readonly blockers: readonly Problem[]
}

/** Which of the schemas exist, in the order given. */
async function standing(target: Session, schemas: readonly string[]): Promise<readonly string[]> {
  const rows = await target.query<{ name: string }>(
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

/** The staging and retired schemas hold tables and views of ours; anything else was put there by somebody. */
async function strangers(target: Session, schemas: readonly string[]): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const schema of schemas) {
    for (const { name, kind } of await readOtherRelations(target, schema, {})) {
      if (kind === 'view') continue
      const detail = `it stands in ${schema}, a schema that this tool made and would drop`
      problems.push({ place: `${kind} ${schema}.${name}`, detail, remedy: 'move it to another schema' })
    }
  }
  return problems
}

interface RecordedDays {
  readonly schema: string
  readonly table: string
  readonly count: number
  /** YYYY-MM-DD. */
  readonly first: string
  readonly last: string
}

/** The days in the ledger, by table; empty without bookkeeping. */
async function recordedDays(target: Session, schema: string): Promise<readonly RecordedDays[]> {
  if ((await bookkeepingVersion(target)) === 0) return []
  const [ledger] = await target.query(
    "select from pg_catalog.pg_class where oid = pg_catalog.to_regclass('vitrine.ledger')",
  )
  if (ledger === undefined) return []
  return target.query<RecordedDays>(
    `select schema_name as schema, table_name as table, count(*)::integer as count, min(day)::text as first, max(day)::text as last
     from vitrine.ledger where schema_name = $1 group by 1, 2 order by 2`,
    [schema],
  )
}

function stepsFor(
  ours: readonly PlacedRelation[],
  dropped: readonly string[],
  recorded: string | null,
  days: readonly RecordedDays[],
): DropStep[] {
  const names = (kind: 'r' | 'v') =>
    ours.filter((relation) => relation.kind === kind).map(({ schema, name }) => qualified(schema, name))
  const [views, tables] = [names('v'), names('r')]
  const steps: DropStep[] = []
  const drop = (word: string, list: readonly string[]) => {
    // One statement for all, because they refer to each other; never CASCADE. What has gone meanwhile is no error.
    if (list.length > 0)
      steps.push({ text: `drop ${word}: ${list.join(', ')}`, sql: `drop ${word} if exists ${list.join(', ')}` })
  }
  drop('view', views)
  drop('table', tables)
  drop('schema', dropped.map(identifier))
  if (recorded !== null) {
    const where = `where schema_name = ${literal(recorded)}`
    steps.push({
      text: `forget what was applied to ${recorded}, and how old its tables were`,
      sql: `delete from vitrine.freshness ${where}; delete from vitrine.kept_freshness ${where}; delete from vitrine.installation ${where}`,
    })
  }
  for (const { schema, table, count, first, last } of days) {
    steps.push({
      text: `forget for ever the ${count} recorded day${count === 1 ? '' : 's'} of ${table}, from ${first} to ${last}`,
      sql: `delete from vitrine.ledger where schema_name = ${literal(schema)} and table_name = ${literal(table)}`,
    })
  }
  return steps
}

export interface DropWish {
  /** The recorded days of history tables go as well. */
  readonly history: boolean
}

/**
 * What would be removed, kept and in the way. Only tables that `migrate` recorded are ours: a table of the same name that
 * somebody else made is kept. Changes nothing. Throws TARGET_OTHER_INSTALLATION when another publication fills the schema,
 * TARGET_NOT_MIGRATED when the bookkeeping is of an earlier layout.
 */
export async function planDrop(
  target: Session,
  publication: Publication,
  { history }: DropWish = { history: false },
): Promise<DropPlan> {
  const { schema, name } = publication
  const views = ownViewNames(publication)
  const applied = await readApplied(target, schema)
  if (applied !== null && applied.publication !== name) {
    const detail = `It is filled by the publication ${applied.publication}, and this one is ${name}.`
    throw new VitrineError('TARGET_OTHER_INSTALLATION', { place: schema, detail })
  }
  if (applied !== null) await requireBookkeeping(target, schema)
  const workSchemas = (await findWorkSchemas(target, publication)).filter(({ ours }) => ours).map((work) => work.name)
  const lasting = await lastingSchemas(target, publication)
  const recorded = new Set(applied?.shapes.map((shape) => shape.name))
  const isOurs = (relation: PlacedRelation): boolean =>
    relation.schema !== schema ||
    (relation.kind === 'r' ? recorded.has(relation.name) : applied !== null && views.includes(relation.name))
  const found = await relationsIn(target, [schema, ...workSchemas])
  const ours = found.filter(isOurs)
  const others = await readOtherRelations(target, schema, {})
  const days = await recordedDays(target, schema)
  return Object.freeze({
    publication,
    history,
    days: days.reduce((sum, { count }) => sum + count, 0),
    steps: stepsFor(
      ours,
      workSchemas.filter((work) => !lasting.includes(work)),
      applied === null ? null : schema,
      history ? days : [],
    ),
    kept: [
      ...found
        .filter((relation) => !isOurs(relation) && relation.kind === 'r')
        .map((relation) => `table ${qualified(schema, relation.name)} of ${relation.owner}`),
      ...others
        .filter((other) => !(other.kind === 'view' && applied !== null && views.includes(other.name)))
        .map((other) => `${other.kind} ${identifier(schema)}.${other.name} of ${other.owner}`),
      ...(await standing(target, [schema, ...lasting, BOOKKEEPING_SCHEMA])).map((kept) =>
        kept === schema
          ? `schema ${identifier(schema)} with the rights on it`
          : kept !== BOOKKEEPING_SCHEMA
            ? `schema ${identifier(kept)}, empty: ${publication.writer} could not create it again`
            : `schema ${BOOKKEEPING_SCHEMA} with the record of runs${history ? '' : ' and the history'}`,
      ),
    ],
    blockers: [
      ...(await outsideDependents(target, ours)),
      ...ownedByOthers(ours),
      ...(await strangers(target, workSchemas)),
      ...(history ? [] : await unrecorded(target, publication, recorded)),
    ],
  })
}

/** Days that somebody wrote into a history table by hand exist nowhere else. */
async function unrecorded(target: Session, publication: Publication, recorded: ReadonlySet<string>) {
  const histories = publication.histories.filter(({ name }) => recorded.has(name))
  if (histories.length === 0) return []
  const live = await readLiveShapes(target, publication.schema)
  return unrecordedHistories(target, { ...publication, histories }, live)
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

const requireNoBlockers = (place: string, problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new VitrineError('DEPENDENT_BLOCKS', { place, problems })
}

const ourNames = (target: Session, publication: Publication): Promise<readonly string[]> =>
  namesIn(target, [publication.schema, stagingSchema(publication), retiredSchema(publication)])

/**
 * Does the plan in one transaction. It takes the run lock, which the session keeps until its end, so that no run publishes
 * into what is being dropped. A lock on a table that cannot be had soon is tried again, as often as the switch of a run.
 * Throws DEPENDENT_BLOCKS, RUN_IN_PROGRESS, SWITCH_BLOCKED, and PLAN_CONFLICT when days have been recorded that nobody has
 * agreed to forget; nothing is then changed.
 */
export async function applyDrop(target: Session, plan: DropPlan): Promise<void> {
  const { schema, limits } = plan.publication
  requireNoBlockers(schema, plan.blockers)
  if (plan.steps.length === 0) return
  await takeRunLock(target, schema)
  const days = (await recordedDays(target, schema)).reduce((sum, { count }) => sum + count, 0)
  if (plan.history && days !== plan.days) {
    const detail = `${plan.days} recorded days were shown, and there are ${days} now.`
    throw new VitrineError('PLAN_CONFLICT', {
      place: schema,
      detail,
      remedy: 'Run `vitrine drop` again; nothing was touched.',
    })
  }
  const begun = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await target.transaction(async () => {
        await target.execute(`set local lock_timeout = ${limits.switchLockTimeoutMs}`)
        for (const { sql } of plan.steps) await target.execute(sql)
      })
    } catch (error) {
      if (!(error instanceof VitrineError)) throw error
      // 2BP01, dependent_objects_still_exist: something was built on our tables since the plan was made.
      if (error.sqlState === '2BP01')
        requireNoBlockers(schema, (await planDrop(target, plan.publication, plan)).blockers)
      if (error.code !== 'SWITCH_BLOCKED') throw error
      if (attempt >= limits.switchTries) {
        const tried = { tries: attempt, milliseconds: performance.now() - begun }
        throw await namingBlockers(target, error, await ourNames(target, plan.publication), tried)
      }
      await pause(limits.switchPauseMs)
    }
  }
}
