/**
 * Reads the target, plans (`plan.ts`) and applies: one transaction for the bookkeeping, the plan's statements, the reader's
 * rights and the record of what was applied. Nothing is dropped that the plan did not show. Called by the commands `plan`
 * and `migrate`; `requireMigrated` by the check phase of a run.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import { type LiveSchema, readLiveShapes } from '../catalogue/live-shape.ts'
import { namesIn } from '../catalogue/relations.ts'
import { namingBlockers } from '../postgres/blockers.ts'
import type { Session } from '../postgres/connect.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import { BOOKKEEPING_SCHEMA, type Publication } from '../publication/publication.ts'
import { shapesOf } from '../publication/shape.ts'
import { type Applied, bookkeepingIsCurrent, migrateBookkeeping, writeApplied } from '../record/bookkeeping.ts'
import { readOwnRecord } from '../record/installation.ts'
import { requireLedgerFits } from '../record/ledger.ts'
import { ownViews } from '../record/own-views.ts'
import { identifier } from '../sql/quote.ts'
import { planWithAdoption } from './adoption.ts'
import { blockingSteps, type MigrationPlan, type MigrationStep, type PlanSettings, planMigration } from './plan.ts'

export function planSettings(publication: Publication): PlanSettings {
  const { schema, writer, reader } = publication
  return { schema, writer, reader, views: ownViews(publication, schema) }
}

/**
 * What `applyPlan` would do. Changes nothing. Throws TARGET_OTHER_INSTALLATION, TARGET_SCHEMA_MISSING when the writer may
 * not create the schema, TARGET_SCHEMA_NOT_OWNED, BOOKKEEPING_NEWER, PRIVILEGE_MISSING when there is no writer.
 */
export async function planFor(target: Session, publication: Publication): Promise<MigrationPlan> {
  const live = await readLive(target, publication)
  requireUsable(live, publication)
  return planOf(target, live, await readOwnRecord(target, publication), publication)
}

async function planOf(
  target: Session,
  live: LiveSchema,
  applied: Applied | null,
  publication: Publication,
): Promise<MigrationPlan> {
  const plan = planMigration(live, shapesOf(publication), applied?.shapes ?? null, planSettings(publication))
  return planWithAdoption(target, publication, live, plan)
}

const readLive = (target: Session, { schema, writer, reader }: Publication): Promise<LiveSchema> =>
  readLiveShapes(target, schema, { writer, reader })

function requireUsable(live: LiveSchema, { schema, writer }: Publication): void {
  if (!live.writerExists) {
    throw new VitrineError('PRIVILEGE_MISSING', {
      place: 'target',
      detail: `The role ${writer}, which the publication names as its writer, does not exist.`,
      remedy: 'Run `vitrine provision`.',
    })
  }
  if (!live.exists) {
    if (live.writerMayCreate) return
    throw new VitrineError('TARGET_SCHEMA_MISSING', {
      place: schema,
      detail: `The role ${writer} may not create it.`,
      remedy: `Run \`vitrine provision\`, or as a superuser: create schema ${identifier(schema)} authorization ${identifier(writer)};`,
    })
  }
  requireOwned(live, writer)
}

function requireOwned({ name, owner, owned }: LiveSchema, writer: string): void {
  if (owned) return
  throw new VitrineError('TARGET_SCHEMA_NOT_OWNED', {
    place: name,
    detail: `It belongs to ${owner}.`,
    remedy: `As ${owner} or a superuser: alter schema ${identifier(name)} owner to ${identifier(writer)};`,
  })
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Applies a plan in one transaction, as the writer. The plan is made again inside it and must be the one given: what was
 * shown is what is done. A lock that cannot be had soon is tried again, as often as the switch of a run, so that readers
 * never wait long behind us. `also` happens in the same transaction. Throws PLAN_CONFLICT, RUN_IN_PROGRESS, SWITCH_BLOCKED and whatever `planFor` throws; nothing
 * is then changed.
 */
export async function applyPlan(
  target: Session,
  publication: Publication,
  plan: MigrationPlan,
  also: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { switchTries, switchPauseMs } = publication.limits
  const begun = performance.now()
  refuseConflicts(plan)
  // A run that switches versions meanwhile would take the migrated tables away with the version before.
  await takeRunLock(target, publication.schema)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await target.transaction(async () => {
          await applyOnce(target, publication, plan)
          await also()
        })
      } catch (error) {
        const blocked = error instanceof VitrineError && error.code === 'SWITCH_BLOCKED'
        if (!blocked) throw error
        if (attempt >= switchTries) {
          const relations = await namesIn(target, [publication.schema])
          const tried = { tries: attempt, milliseconds: performance.now() - begun }
          throw await namingBlockers(target, error, relations, tried)
        }
        await pause(switchPauseMs)
      }
    }
  } finally {
    await releaseRunLock(target, publication.schema)
  }
}

function refuseConflicts({ schema, conflicts }: MigrationPlan): void {
  if (conflicts.length > 0) throw new VitrineError('PLAN_CONFLICT', { place: schema, problems: conflicts })
}

async function applyOnce(target: Session, publication: Publication, plan: MigrationPlan): Promise<void> {
  const { schema, writer, reader, limits } = publication
  await target.execute(`set local lock_timeout = ${limits.switchLockTimeoutMs}`)
  const fresh = await planFor(target, publication)
  if (JSON.stringify(fresh) !== JSON.stringify(plan)) {
    throw new VitrineError('PLAN_CONFLICT', {
      place: schema,
      detail: 'The target has changed since the plan was made.',
      remedy: 'Plan again; nothing was touched.',
    })
  }
  await becomeWriter(target, writer)
  await migrateBookkeeping(target)
  for (const step of plan.steps) await execute(target, step)
  if (!plan.steps.some(({ kind }) => kind === 'missing reader')) {
    // Default privileges belong to the role that creates: tables that the writer makes by hand are readable as well.
    await target.execute(
      `alter default privileges for role ${identifier(writer)} in schema ${identifier(schema)}
       grant select on tables to ${identifier(reader)}`,
    )
  }
  await writeApplied(target, publication)
  await requireLedgerFits(target, publication)
}

/** Whatever is created must belong to the writer, whose runs rename and drop it, whoever migrates. */
async function becomeWriter(target: Session, writer: string): Promise<void> {
  const [session] = await target.query<{ user: string }>('select current_user::text as "user"')
  if (session?.user === writer) return
  try {
    await target.execute(`set local role ${identifier(writer)}`)
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
    throw new VitrineError('PRIVILEGE_MISSING', {
      place: 'target',
      detail: `The session is of role ${session?.user}, and the publication's writer is ${writer}.`,
      remedy: `Connect as ${writer}, or: grant ${identifier(writer)} to ${identifier(session?.user ?? '')};`,
      cause: error,
    })
  }
}

/** SQLSTATEs of what the plan could not see: another object needs ours (2BP01, 0A000) or has its name (42P07, 42710). */
const UNFORESEEN: ReadonlyMap<string | undefined, string> = new Map([
  ['2BP01', 'another object depends on it'],
  ['0A000', 'another object needs it as it is'],
  ['42P07', 'another relation has the name of what it creates'],
  ['42710', 'another object has the name of what it creates'],
])

async function execute(target: Session, { place, text, sql }: MigrationStep): Promise<void> {
  try {
    if (sql.length > 0) await target.execute(sql.join(';\n'))
  } catch (error) {
    const reason = error instanceof VitrineError ? UNFORESEEN.get(error.sqlState) : undefined
    if (reason === undefined) throw error
    const problem = { place, detail: `${text}: ${reason}`, remedy: 'find it with \\d+ in psql, and drop or rename it' }
    throw new VitrineError('PLAN_CONFLICT', { place, problems: [problem], cause: error })
  }
}

/**
 * Refuses a run on a schema that is not what the publication describes: TARGET_NOT_MIGRATED with the steps that `migrate`
 * would do now, TARGET_SCHEMA_MISSING, TARGET_SCHEMA_NOT_OWNED, TARGET_OTHER_INSTALLATION, BOOKKEEPING_NEWER. A dozen
 * catalogue queries; of tables, only the days of history tables are read.
 */
export async function requireMigrated(target: Session, publication: Publication): Promise<void> {
  const { schema, writer } = publication
  const live = await readLive(target, publication)
  if (!live.exists) throw new VitrineError('TARGET_SCHEMA_MISSING', { place: schema })
  requireOwned(live, writer)
  const applied = await readOwnRecord(target, publication)
  const plan = await planOf(target, live, applied, publication)
  const problems: Problem[] = [...plan.conflicts]
  if (applied === null)
    problems.push({ place: schema, detail: 'it was never migrated', remedy: 'run `vitrine migrate`' })
  if (!(await bookkeepingIsCurrent(target))) {
    const detail = 'the bookkeeping is missing or of an earlier version'
    problems.push({ place: BOOKKEEPING_SCHEMA, detail, remedy: 'run `vitrine migrate`' })
  }
  problems.push(...blockingSteps(plan).map(({ place, text }) => ({ place, detail: text })))
  if (problems.length > 0) throw new VitrineError('TARGET_NOT_MIGRATED', { place: schema, problems })
}
