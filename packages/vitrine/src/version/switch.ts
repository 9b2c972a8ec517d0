/**
 * The switch: the next version takes the place of the published one in one transaction, by renaming schemas
 * (`switch-by-rename.ts`) or, where they cannot be renamed, by moving tables (`switch-by-move.ts`). It tries first without
 * waiting for any lock, then with a time budget, so that new readers never wait long behind us; then it gives up and names
 * who is in the way. The leaving version is kept out of sight for a rollback, or removed.
 */
import { asVitrineError, type Problem, VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { isMovable, moveSql, objectsIn } from '../catalogue/objects.ts'
import type { Target } from '../catalogue/target.ts'
import { patiently } from '../postgres/patience.ts'
import { hasStandby } from '../postgres/standby.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { ownRelations } from '../record/made.ts'
import type { SwitchResult, SwitchWay } from '../record/outcome.ts'
import type { CarryPlan } from './carry.ts'
import { closeSchemas } from './carry-rights.ts'
import { clearWorkSchema, dropStaging, findWorkSchemas } from './staging.ts'
import { switchByMove } from './switch-by-move.ts'
import { switchByRename } from './switch-by-rename.ts'
import type { Bounded } from './switch-strategy.ts'

/** The result of a switch that succeeded although the answer to its commit was lost. */
export const unheardSwitch = (way: SwitchWay): SwitchResult => ({ way, tries: 0, held: false, milliseconds: 0 })

/** A wait that readers do not notice, in milliseconds: PostgreSQL takes 0 for no limit. */
const QUIET_WAIT_MS = 1

/**
 * PostgreSQL's lock_timeout is for one lock. Several would add up, and new readers of the first table would wait for all:
 * before each statement it is set to the time that is left.
 */
const boundedWithin =
  (milliseconds: number): Bounded =>
  (statement) => [
    `select set_config('lock_timeout', greatest(1, ${milliseconds} - (extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::integer)::text, true)`,
    statement,
  ]

/**
 * Makes the incoming schema, staged or kept, the published one. `record` writes what belongs to the same moment, in the same
 * transaction and before the first lock. Throws SWITCH_BLOCKED, which names the sessions in the way, when the budget is used
 * up; DEPENDENT_BLOCKS when a view of the team does not fit the next version. The previous version is then published as before.
 */
export async function switchVersions(
  target: Target,
  incoming: string,
  carry: CarryPlan,
  record: () => Promise<void>,
): Promise<SwitchResult> {
  const { session, publication } = target
  const { switchLockTimeoutMs, switchQuietTries, switchQuietPauseMs, switchTries, switchPauseMs } = publication.limits
  const strategy = await (carry.way === 'rename' ? switchByRename : switchByMove)(target, incoming, carry)
  const holds = carry.way === 'move' || publication.limits.holdWithStandby === 1 || !(await hasStandby(session))
  const quietTries = holds ? switchQuietTries : 0
  const isQuiet = (attempt: number) => attempt <= quietTries
  const patience = {
    tries: quietTries + switchTries,
    pauseMs: (attempt: number) => (isQuiet(attempt) ? switchQuietPauseMs : switchPauseMs),
  }
  // Asynchronous commit keeps the locks short. The record of success, written after, makes the switch durable.
  const begin = `begin; set local lock_timeout = ${switchLockTimeoutMs}; set local synchronous_commit = off; set local search_path = ''`
  const attempt = async (attempt: number): Promise<SwitchResult> => {
    const quiet = isQuiet(attempt)
    const bounded = boundedWithin(quiet ? QUIET_WAIT_MS : switchLockTimeoutMs)
    try {
      await session.execute(begin)
      await record()
      const started = performance.now()
      const statements = await strategy.statements(quiet ? 'all' : quietTries > 0 ? 'each' : 'none', bounded)
      const held = quiet || strategy.holds === 'always'
      await session.execute([...carry.rights.opening, ...statements, 'commit'].join('; '))
      return { way: carry.way, tries: attempt, held, milliseconds: performance.now() - started }
    } catch (error) {
      await session.execute('rollback').catch(() => undefined)
      throw misfit(target, error, carry) ?? error
    }
  }
  await announce(target, carry)
  try {
    return await patiently(session, strategy.locked, patience, attempt)
  } catch (error) {
    await closeSchemas(session, [incoming]).catch(() => undefined)
    throw error
  }
}

/** Lets the information schema know the next version: whoever lists the published one then has heard of it. */
async function announce(target: Target, { rights }: CarryPlan): Promise<void> {
  if (rights.announcing.length === 0) return
  await target.session.transaction(() => target.session.execute(rights.announcing.join('; ')))
  await listingsEnded(target, LISTING)
}

/** Classes 0A and 42: the definition of a view of the team cannot be given to the tables of the next version. */
function misfit({ publication }: Target, error: unknown, { views, locked }: CarryPlan): VitrineError | null {
  if (views.length === 0 || !(error instanceof VitrineError) || !/^(?:0A|42(?!501))/.test(error.sqlState ?? ''))
    return null
  const detail = 'One of the views on the published tables does not fit the next version.'
  const problems = locked.map((place) => ({ place, detail: 'it would be given its definition again' }))
  return new VitrineError('DEPENDENT_BLOCKS', { place: publication.schema, detail, problems, cause: error })
}

/** As long as a reader takes at most, on a busy machine, from its look-up of a table to its first row. */
const READER_STARTS_WITHIN_MS = 1_000

/**
 * Takes away what rights others still have on the work schemas and on all in them. After a switch, what began before it may
 * end first; where its tables could not be held, a reader may stand between its look-up and its first row as well.
 */
export async function hideRetired(target: Target, switched: { readonly held: boolean } | null = null): Promise<void> {
  if (switched !== null)
    await Promise.all([listingsEnded(target, UNDER_WAY), switched.held ? null : pause(READER_STARTS_WITHIN_MS)])
  const ours = (await findWorkSchemas(target)).filter(({ ours }) => ours)
  const names = ours.map(({ name }) => name)
  // Those of a run that was killed after its switch: what a listing has found is not dropped under it.
  if ((await closeSchemas(target.session, names)) && switched === null) await listingsEnded(target, UNDER_WAY)
}

const LISTING_LOOK_MS = 20

/** Transactions of others in this database, but for autovacuum's. */
const UNDER_WAY = `
  select l.virtualtransaction as id from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'virtualxid' and a.datname = current_database() and a.usesysid is not null and l.pid <> pg_backend_pid()`

/** Those of them that have read the catalogue, which they hold from before they look at the rows. */
const LISTING = `${UNDER_WAY} and l.pid in (
  select pid from pg_catalog.pg_locks where relation = 'pg_catalog.pg_class'::regclass and mode = 'AccessShareLock')`

/** Until those transactions have ended that are under way now, as far as one waits for them. */
async function listingsEnded({ session, publication }: Target, which: string): Promise<void> {
  const until = performance.now() + publication.limits.listingsEndWithinMs
  const ids = async () => (await session.query<{ id: string }>(which)).map(({ id }) => id)
  let left = await ids()
  while (left.length > 0 && performance.now() < until) {
    await pause(LISTING_LOOK_MS)
    const now = await ids()
    left = left.filter((id) => now.includes(id))
  }
}

/**
 * What somebody put into the published schema at the very instant of a switch has left with the version: it comes back.
 * Returns what must stay where it is, by name.
 */
export async function returnStrangers(target: Target): Promise<readonly string[]> {
  const { session, publication } = target
  const left: string[] = []
  for (const { object, sql } of await strangersIn(target, retiredSchema(publication))) {
    await session.execute(sql).catch(() => left.push(`${object.type} ${object.identity}`))
  }
  return left
}

/** Objects in a retired schema that are not ours, with the statement that brings each back. */
async function strangersIn(target: Target, schema: string) {
  const { session, publication } = target
  const own = new Set((await ownRelations(target, [schema])).map(({ oid }) => oid))
  const ours = (await findWorkSchemas(target)).some((work) => work.ours && work.name === schema)
  const strangers = ours ? await objectsIn(session, [schema]) : []
  return strangers
    .filter((object) => isMovable(object) && !(object.catalog === 'pg_class' && own.has(object.oid)))
    .map((object) => ({ object, sql: moveSql([object], publication.schema).join() }))
}

/** One version that could not be dropped in time is no trouble; a second one would fill the disk, night after night. */
const MOST_LEFT = 1

/** Throws VERSIONS_LEFT when more retired versions stand there than a run may leave. */
export function requireFewLeft({ publication }: Target, left: readonly Problem[]): void {
  if (left.length > MOST_LEFT) throw new VitrineError('VERSIONS_LEFT', { place: publication.schema, problems: left })
}

/**
 * After a switch, and before the next: removes the retired versions that no rollback needs. Returns those that cannot be
 * removed yet, with what keeps them; the next run tries again.
 */
export async function dropUnkept(target: Target): Promise<readonly Problem[]> {
  const { publication } = target
  const kept = publication.limits.versionsKept === 0 ? null : retiredSchema(publication)
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  const left: Problem[] = []
  const remember = async (name: string, error: unknown) => void left.push(await whyLeft(target, name, error))
  // The version before the kept one has the staging name since the switch. What must stay of it is set aside.
  await dropStaging(target).catch((error: unknown) => remember(staging, error))
  for (const { name, ours, empty } of await findWorkSchemas(target)) {
    // An empty schema is no version to go back to: the first publication leaves one.
    if (!ours || name === staging || (name === retired && (empty || name === kept))) continue
    await clearWorkSchema(target, name).catch((error: unknown) => remember(name, error))
  }
  return left
}

async function whyLeft(target: Target, schema: string, error: unknown): Promise<Problem> {
  const strangers = await strangersIn(target, schema)
  const found = strangers.map(({ object }) => `${object.type} ${object.identity}`)
  return {
    place: schema,
    detail: found.length > 0 ? `not made by this tool: ${found.join(', ')}` : asVitrineError(error).code,
    remedy: strangers[0]?.sql ?? asVitrineError(error).remedy,
  }
}
