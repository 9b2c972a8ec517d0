/**
 * Turns the kept version (the one before the published one) into the next one, where no reader sees it: applies the changes in
 * one transaction, and moves the tables that were read whole into its schema. From then on nobody can go back to the kept
 * version; a run that fails here loses nothing else. The next version may be published only when every transaction that sees the
 * old rows has ended.
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
  /** The recorded state of the kept table, on which the changes build. */
  readonly base: Pick<TableOrigin, 'rows' | 'writers'>
}

/** The result, for the record and for `oldSnapshotsEnded`. */
export interface AppliedDelta {
  /** Id (xid8) of the transaction on the target that applied the changes. */
  readonly transaction: string
  /** Per table, the xmin of its new rows: a subtransaction, or the transaction itself. Null without new rows. */
  readonly writers: ReadonlyMap<string, string | null>
  /** Per table, the columns whose statistics contain values that are no longer in the table. */
  readonly outdated: ReadonlyMap<string, readonly string[]>
}

/** Most locks per table in that transaction: its own, those of its indexes, of its TOAST table and of the tables of its changes. */
const LOCKS_EACH = 12

/** Number of tables that may change in one transaction: half of the server's locks are left to other sessions. */
export async function changeableAtOnce(session: Session): Promise<number> {
  const [row] = await session.query<{ locks: number }>(
    `select current_setting('max_locks_per_transaction')::integer
       * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) as locks`,
  )
  return Math.floor((row?.locks ?? 0) / 2 / LOCKS_EACH)
}

/** Deletes the changed rows before it inserts them again, because two rows may have swapped a unique value. Returns the xmin of new rows. */
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

/**
 * The SQL that drops foreign keys between these tables and tables that will be replaced by those that were read whole. They are
 * declared again later.
 */
async function withoutReferences({ session }: Target, tables: readonly OwnRelation[]): Promise<readonly string[]> {
  const keys = await session.query<{ sql: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as sql
     from pg_catalog.pg_constraint where contype = 'f' and (conrelid = any ($1::oid[])) <> (confrelid = any ($1::oid[])) order by 1`,
    [tables.map(({ oid }) => oid)],
  )
  return ["set local lock_timeout = '2s'", ...keys.map(({ sql }) => sql)]
}

/** Checks the deferred foreign keys among these tables, for the changed rows. Throws REFERENCE_BROKEN. */
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

/** In a transaction: locks these tables against others, and checks that nobody changed them during the run. Throws SERIALIZATION. */
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

/** The tables of the kept version to which these changes are applied. */
async function keptOf(target: Target, deltas: readonly Told[]): Promise<readonly OwnRelation[]> {
  const own = await ownRelations(target, [retiredSchema(target.publication)])
  return own.filter(({ kind, name }) => kind === 'r' && deltas.some(({ table }) => table.name === name))
}

/**
 * Applies the changes to the kept version, and replaces its other tables by `whole`: the staged tables that were read whole.
 * If its transaction fails, the kept version is unchanged. Throws SWITCH_BLOCKED when it does not get its locks.
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
  // One by one: so many tables at once could take more locks than the server has. Every snapshot sees their rows, which are frozen.
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
 * Vacuums the changed tables, because no transaction sees the deleted rows any more, and analyzes the columns whose statistics
 * still contain removed values. Autovacuum refreshes all other statistics when many rows changed.
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
 * Other transactions in this database, except autovacuum, whose snapshot may be older than `transaction`; an imported snapshot
 * counts with its own age. While an older writing transaction lasts, anywhere on the server, new snapshots look old too.
 */
const seeing = ({ session }: Target, transaction: string): Promise<Transaction[]> =>
  session.query<Transaction>(
    `select pid::text as id, pid, coalesce(application_name, '') as application from pg_catalog.pg_stat_activity
     where datname = current_database() and usesysid is not null and pid <> pg_backend_pid() and backend_xmin is not null
       and age(backend_xmin) >= age(($1::xid8)::xid)`,
    [transaction],
  )

/** Other transactions in this database, except autovacuum. */
const underWay = ({ session }: Target): Promise<Transaction[]> =>
  session.query<Transaction>(
    `select l.virtualtransaction as id, l.pid, coalesce(a.application_name, '') as application
     from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'virtualxid' and a.datname = current_database() and a.usesysid is not null and l.pid <> pg_backend_pid()`,
  )

/** Polls until no transaction is left, for at most `withinMs`. Returns the remaining ones. */
async function ended(look: () => Promise<readonly Transaction[]>, withinMs: number): Promise<readonly Transaction[]> {
  const until = performance.now() + withinMs
  let left = await look()
  while (left.length > 0 && performance.now() < until) {
    await pause(LOOK_MS)
    left = await look()
  }
  return left
}

/** Waits for the transactions that still see the old rows. After `limits.deltaWaitMs` throws SWITCH_BLOCKED, which names the sessions. */
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

/** Longer than a usual query of a dashboard. */
const LASTING_MS = 1_000
/** Whether a transaction of somebody else stays open for that long: the switch would wait for it in vain. */
export async function hasLastingTransaction(target: Target): Promise<boolean> {
  const first = new Set((await underWay(target)).map(({ id }) => id))
  const lasting = async () => (await underWay(target)).filter(({ id }) => first.has(id))
  return first.size > 0 && (await ended(lasting, LASTING_MS)).length > 0
}

/**
 * Applies the changes, compares the results with the tables that were read whole, and rolls back. Returns the tables with any
 * difference: one means that changes were not detected correctly.
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
      // A unique value occurs twice, so the rows differ. Any other error fails the run.
      if (!(error instanceof VitrineError) || error.code !== 'KEY_DUPLICATE') throw error
      differing.add(table.name)
    } finally {
      await session.execute('rollback')
    }
  }
  return differing
}
