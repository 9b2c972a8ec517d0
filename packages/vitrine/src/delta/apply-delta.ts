/**
 * The kept version becomes the next one, out of every reader's sight: tables get what changed, in one transaction, and those that
 * were read whole move into it. From then on it is no version to go back to; a run that ends here has lost no more.
 * Before it may be published, whoever could still see it as it was must have ended.
 */
import { VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { ONCE, patiently } from '../postgres/patience.ts'
import { quietly } from '../postgres/quietly.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { shapeOf } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { type OwnRelation, ownRelations } from '../record/made.ts'
import type { TableOrigin } from '../record/version-origin.ts'
import { recordInPreparation } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { brokenReference, referencesWithin } from '../version/build.ts'
import { compareVersions } from '../version/row-difference.ts'
import { dropRelations } from '../version/staging.ts'
import type { Changes } from './changes.ts'
import { keptTables } from './kept-tables.ts'
import { sameKey } from './keys.ts'
import { keptRows, notAsRecorded } from './scan.ts'
import { quotingWithdrawn } from './statistics.ts'

interface Told {
  readonly table: PublishedTable
  readonly changes: Changes
}
export interface TableChange extends Told {
  /** As the kept version was found when the changes were told. */
  readonly base: Pick<TableOrigin, 'rows' | 'writers'>
}

/** What took place, for the record and for the wait after it. */
export interface AppliedDelta {
  /** The transaction of the target that did it. */
  readonly transaction: string
  /** By table, the one that its new rows tell: a part of it, or the same. Null where no row came. */
  readonly writers: ReadonlyMap<string, string | null>
  /** By table, the columns whose statistics quote what left. */
  readonly outdated: ReadonlyMap<string, readonly string[]>
}

/** What a table takes at most in that transaction, with its indexes, what it stores out of line, and the tables of its changes. */
const LOCKS_EACH = 12

/** Of how many tables a server has the locks for with half of all that it has: other sessions have theirs. */
export async function changeableAtOnce(session: Session): Promise<number> {
  const [row] = await session.query<{ locks: number }>(
    `select current_setting('max_locks_per_transaction')::integer
       * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) as locks`,
  )
  return Math.floor((row?.locks ?? 0) / 2 / LOCKS_EACH)
}

/** Changed keys go first and come back after: unique values may have changed places. Returns what the new rows have as xmin. */
async function applyTo(target: Target, { table, changes }: Told): Promise<string | null> {
  const { session, publication } = target
  const kept = qualified(retiredSchema(publication), table.name)
  const place = (name: string) => qualified(stagingSchema(publication), name)
  for (const name of [changes.changed, changes.gone]) {
    if (name !== null)
      await session.execute(`delete from ${kept} k using ${place(name)} d where ${sameKey(table, 'k', 'd')}`)
  }
  if (changes.changed === null) return null
  const columns = table.columns.map(({ name }) => identifier(name)).join(', ')
  await quietly(session, `insert into ${kept} (${columns}) select ${columns} from ${place(changes.changed)}`)
  const [row] = await session.query<{ writer: string }>(
    `select k.xmin::text as writer from ${kept} k join ${place(changes.changed)} d on ${sameKey(table, 'k', 'd')} limit 1`,
  )
  return row?.writer ?? null
}

/** References between these tables and others, whose place is taken by tables that were read whole: they are declared anew. */
async function withoutReferences({ session }: Target, tables: readonly OwnRelation[]): Promise<readonly string[]> {
  const keys = await session.query<{ sql: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as sql
     from pg_catalog.pg_constraint where contype = 'f' and (conrelid = any ($1::oid[])) <> (confrelid = any ($1::oid[])) order by 1`,
    [tables.map(({ oid }) => oid)],
  )
  return ["set local lock_timeout = '2s'", ...keys.map(({ sql }) => sql)]
}

/** References among these tables are deferred, and checked here for the rows that changed. Throws REFERENCE_BROKEN. */
async function checkReferences({ session, publication }: Target, deltas: readonly Told[]): Promise<void> {
  const schema = retiredSchema(publication)
  const shapes = deltas.map(({ table }) => shapeOf(table, { ...publication, schema }))
  for (const reference of referencesWithin(shapes)) {
    await session.execute('savepoint before_reference')
    const check = `set constraints ${qualified(schema, reference.constraint.name)} immediate`
    await quietly(session, check).catch(async (error: unknown) => {
      await session.execute('rollback to savepoint before_reference')
      throw await brokenReference(session, schema, reference, error)
    })
  }
}

/**
 * In a transaction: from now on nobody else changes these tables, and nobody has since what changed was told. Throws
 * SERIALIZATION.
 */
async function holdUntouched(target: Target, deltas: readonly TableChange[]): Promise<void> {
  const { session, publication } = target
  const place = ({ table }: TableChange) => qualified(retiredSchema(publication), table.name)
  await session.execute(
    `set local lock_timeout = '2s'; lock table ${deltas.map(place).join(', ')} in share row exclusive mode`,
  )
  const { unaltered, held } = await keptTables(
    target,
    deltas.map(({ table }) => table),
  )
  for (const delta of deltas) {
    const { table, base } = delta
    const found = await keptRows(session, place(delta), base)
    if (!held && unaltered.has(table.name) && notAsRecorded(found, base) === null) continue
    const detail = 'Somebody changed this table of the kept version while the source was read.'
    throw new VitrineError('SERIALIZATION', { place: table.name, detail })
  }
}

/** The tables of the kept version that get these changes. */
async function keptOf(target: Target, deltas: readonly Told[]): Promise<readonly OwnRelation[]> {
  const own = await ownRelations(target, [retiredSchema(target.publication)])
  return own.filter(({ kind, name }) => kind === 'r' && deltas.some(({ table }) => table.name === name))
}

/**
 * Throws SWITCH_BLOCKED. Where it fails in its transaction, the kept version stands as it was. `whole` were read whole and stand
 * staged: they take the places of the others.
 */
export async function applyChanges(
  target: Target,
  deltas: readonly TableChange[],
  whole: readonly PublishedTable[],
): Promise<AppliedDelta> {
  const { session, publication } = target
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  const tables = await keptOf(target, deltas)
  const unbound = (await withoutReferences(target, tables)).join('; ')
  const places = tables.map(({ name }) => qualified(retired, name))
  const applied = await patiently(session, places, ONCE, () =>
    session.transaction(async () => {
      await holdUntouched(target, deltas)
      await recordInPreparation(target)
      await session.execute(unbound)
      const writers = new Map<string, string | null>()
      const outdated = new Map<string, readonly string[]>()
      for (const delta of deltas) {
        outdated.set(delta.table.name, await outdatedIn(target, delta))
        writers.set(delta.table.name, await applyTo(target, delta))
      }
      await checkReferences(target, deltas)
      const [row] = await session.query<{ id: string }>('select pg_catalog.pg_current_xact_id()::text as id')
      return { transaction: row?.id ?? '', writers, outdated }
    }),
  )
  // One by one: their rows are seen by every snapshot, and so many tables at once would take more locks than a server has.
  await dropRelations(target, retired, ({ oid }) => tables.every((table) => table.oid !== oid))
  for (const { name } of whole) {
    await session.execute(`alter table ${qualified(staging, name)} set schema ${identifier(retired)}`)
  }
  return applied
}

const touchedBy = ({ changedRows, goneRows }: Changes): number => changedRows + goneRows

function outdatedIn({ session, publication }: Target, { table, changes }: TableChange): Promise<readonly string[]> {
  const place = (name: string | null) => name && qualified(stagingSchema(publication), name)
  const places = { changed: place(changes.changed), gone: place(changes.gone) }
  return quotingWithdrawn(session, table, retiredSchema(publication), places)
}

/**
 * Room, and statistics that quote what left, of the tables that changed. What was deleted can be cleaned away at once: nobody can
 * see it any more. That many rows changed is counted by the server, whose autovacuum makes all statistics anew.
 */
export async function tidyChanged(
  { session, publication }: Target,
  deltas: readonly TableChange[],
  { outdated }: AppliedDelta,
): Promise<void> {
  for (const { table, changes } of deltas) {
    if (touchedBy(changes) === 0) continue
    const columns = outdated.get(table.name) ?? []
    const [options, list] = columns.length === 0 ? ['', ''] : [' (analyze)', ` (${columns.map(identifier).join(', ')})`]
    await session.execute(`vacuum${options} ${qualified(retiredSchema(publication), table.name)}${list}`)
  }
}

const LOOK_MS = 20

interface Transaction {
  readonly id: string
  readonly pid: number
  readonly application: string
}

/**
 * Others of this database, but for autovacuum, whose snapshot may be older than a transaction. One that imports such a snapshot has its age. While a
 * writing transaction from before it lasts, anywhere on the server, every new snapshot looks as old: then all must have ended once.
 */
const seeing = ({ session }: Target, transaction: string): Promise<Transaction[]> =>
  session.query<Transaction>(
    `select pid::text as id, pid, coalesce(application_name, '') as application from pg_catalog.pg_stat_activity
     where datname = current_database() and usesysid is not null and pid <> pg_backend_pid() and backend_xmin is not null
       and age(backend_xmin) >= age(($1::xid8)::xid)`,
    [transaction],
  )

/** Transactions of others in this database, but for autovacuum's. */
const underWay = ({ session }: Target): Promise<Transaction[]> =>
  session.query<Transaction>(
    `select l.virtualtransaction as id, l.pid, coalesce(a.application_name, '') as application
     from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'virtualxid' and a.datname = current_database() and a.usesysid is not null and l.pid <> pg_backend_pid()`,
  )

/** Looks again and again until none is left, as long as it may. Returns those that are. */
async function ended(look: () => Promise<readonly Transaction[]>, withinMs: number): Promise<readonly Transaction[]> {
  const until = performance.now() + withinMs
  let left = await look()
  while (left.length > 0 && performance.now() < until) {
    await pause(LOOK_MS)
    left = await look()
  }
  return left
}

/** Throws SWITCH_BLOCKED, which names the sessions, when a transaction that sees the kept version as it was does not end. */
export async function oldSnapshotsEnded(target: Target, { transaction }: AppliedDelta): Promise<void> {
  const { deltaWaitMs } = target.publication.limits
  const left = await ended(() => seeing(target, transaction), deltaWaitMs)
  if (left.length === 0) return
  const problems = left.map(({ pid, application }) => ({
    place: `session ${pid}`,
    detail: `its transaction began before changes were applied, and sees the tables as they were${application === '' ? '' : ` (${application})`}`,
    remedy: `select pg_terminate_backend(${pid})`,
  }))
  const detail = `Waited ${deltaWaitMs} ms (limits.deltaWaitMs). The next run reads every table whole.`
  throw new VitrineError('SWITCH_BLOCKED', { place: target.publication.schema, detail, problems })
}

/** A transaction of somebody else that lasts longer than a look of a dashboard. */
const LASTING_MS = 1_000
export async function hasLastingTransaction(target: Target): Promise<boolean> {
  const first = new Set((await underWay(target)).map(({ id }) => id))
  const lasting = async () => (await underWay(target)).filter(({ id }) => first.has(id))
  return first.size > 0 && (await ended(lasting, LASTING_MS)).length > 0
}

/**
 * Applies the changes, compares with the tables that were read whole, and takes it all back. Returns those that differ in a row:
 * there are none, unless something is not as it was thought to be.
 */
export async function proveChanges(target: Target, deltas: readonly Told[]): Promise<ReadonlySet<string>> {
  const { session, publication } = target
  const { limits } = publication
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  const differing = new Set<string>()
  if (deltas.length === 0) return differing
  for (const delta of deltas) {
    const { table } = delta
    await session.begin('begin')
    try {
      await applyTo(target, delta)
      const { difference } = await compareVersions(session, table, staging, retired, limits)
      if (difference === null || difference.added + difference.changed + difference.removed > 0)
        differing.add(table.name)
    } catch (error) {
      // A unique value that stands twice: the rows differ. Whatever else fails, fails the run.
      if (!(error instanceof VitrineError) || error.code !== 'KEY_DUPLICATE') throw error
      differing.add(table.name)
    } finally {
      await session.execute('rollback')
    }
  }
  return differing
}
