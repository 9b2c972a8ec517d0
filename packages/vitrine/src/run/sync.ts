/**
 * A run, step by step: check, snapshot, stage, verify, publish, describe, record. All branching of a run is here; each step
 * does one thing in its own file. Until the switch nothing that the reader can see has changed; after any failure the
 * previous version is served, whole.
 */
import { interruptOf } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { keyFingerprint } from '../copy/pseudonym.ts'
import type { CheckedColumn } from '../lineage/findings.ts'
import { grammarNote } from '../lineage/parse.ts'
import { requireSound } from '../lineage/publication-check.ts'
import { requireApproved } from '../migration/approval.ts'
import type { Session } from '../postgres/connect.ts'
import { type DatabaseIdentity, refuseSameDatabase } from '../postgres/identity.ts'
import { takeRunLock } from '../postgres/lock.ts'
import { dayOf } from '../publication/history-select.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { PublishedTable } from '../publication/table.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
import { recordSource, requireOwnTarget } from '../record/installation.ts'
import { recordDay } from '../record/ledger.ts'
import type { SwitchResult } from '../record/outcome.ts'
import {
  type RecordedDrift,
  recordDrift,
  recordedRows,
  recordPublication,
  succeedRun,
  type TableOutcome,
} from '../record/runs.ts'
import type { VersionOrigin } from '../record/version-origin.ts'
import { forgetKeptOrigin, recordSwitch, versionOf } from '../record/versions.ts'
import { declareReferences } from '../version/build.ts'
import { type CarryPlan, prepareSwitch } from '../version/carry.ts'
import { guardEmpty, guardShrink } from '../version/staged-checks.ts'
import { dropStaging, openStaging } from '../version/staging.ts'
import { dropUnkept, hideRetired, returnStrangers, switchVersions, unheardSwitch } from '../version/switch.ts'
import { checkSource, checkTarget } from './check.ts'
import { Delta } from './delta.ts'
import { DIFFERS, describeTables, outcomeOf, withDifference } from './describe.ts'
import { stageHistories } from './histories.ts'
import type { SyncReport } from './observer.ts'
import { planRanges, readersOf } from './ranges.ts'
import { performRun, type RecordedRun } from './recorded-run.ts'
import { stagedReferences, stageWithReferences } from './references.ts'
import { type IsDone, requestOf, requireSameKey, type SyncRequest, type SyncWish, tablesToRead } from './request.ts'
import { answering, both, RunSessions } from './run-sessions.ts'
import { SnapshotHold } from './snapshot-hold.ts'
import type { StageContext, StagedTable } from './stage.ts'
import { verifyStaged } from './verify.ts'

export { chosenTables, type IsDone, type SyncRequest } from './request.ts'

/** Publishes the next version. Throws VitrineError; the previous version then stays, and the run is recorded as failed. */
export const sync = async (asked: SyncWish): Promise<SyncReport> =>
  // sound because only a run that is found done returns null.
  (await syncUnless(asked, async () => false)) as SyncReport

/** The same, but returns null when `isDone`. It is called under the lock, so that the second of two simultaneous runs sees the first's version. */
export async function syncUnless(asked: SyncWish, isDone: IsDone): Promise<SyncReport | null> {
  const columns = await requireSound(asked.publication)
  const { request, key } = requestOf(asked)
  const { publication, observer, signal, trigger } = request
  const sessions = new RunSessions(publication, request)
  try {
    const [session, coordinator] = await both(sessions.target('lead'), sessions.source('snapshot'))
    const target: Target = { session, publication }
    const identity = await refuseSameDatabase(coordinator, session)
    await takeRunLock(session, publication.schema)
    const newSource = await requireOwnTarget(target, identity)
    if (await isDone(session)) return null
    if (!(await bookkeepingIsCurrent(session))) await requireApproved(target)
    await requireSameKey(request, target, key)
    const hold = new SnapshotHold(coordinator, publication.limits.snapshotLimitMs)
    const keyPrint = key === null ? null : keyFingerprint(key)
    const sides: Sides = { request, columns, target, sessions, coordinator, hold, newSource, keyPrint, newDrift: [] }
    return await performRun<SyncReport>(
      { target, sessions, trigger, observer, signal },
      {
        perform: (run) => publish(sides, run),
        coordinator,
        expired: hold.expired,
        abandoned: async (reached, run) => {
          hold.ended()
          if (reached !== null) await hold.record(reached.session, run).catch(() => undefined)
        },
      },
    )
  } finally {
    await sessions.end()
  }
}

/** What a run works with, from its first phase to its last. */
interface Sides {
  readonly request: SyncRequest
  readonly columns: readonly CheckedColumn[]
  readonly target: Target
  readonly sessions: RunSessions
  readonly coordinator: Session
  readonly hold: SnapshotHold
  /** Recorded with the version; null when the record has it already. */
  readonly newSource: DatabaseIdentity | null
  /** Fingerprint of the pseudonym key, recorded with the version. */
  readonly keyPrint: string | null
  /** Tolerated changes of the source that were not reported before. */
  readonly newDrift: RecordedDrift[]
}

async function publish(sides: Sides, run: RecordedRun<SyncReport>): Promise<SyncReport> {
  const { request, columns, target, sessions, coordinator, hold } = sides
  const { session, publication } = target
  await checkTarget(target)
  const { inputTypes, drift } = await checkSource(coordinator, publication, columns)
  sides.newDrift.push(...(await recordDrift(session, run.id, drift)))
  for (const { place, detail } of drift)
    run.notice(`the source has changed, and no query reads it: ${place}: ${detail}`)
  const note = grammarNote(coordinator.serverVersion)
  if (note !== null) run.notice(note)
  const tables = await tablesToRead(request, target, (text) => run.notice(text))
  const delta = await Delta.open({ request, target, coordinator, inputTypes, keyPrint: sides.keyPrint })

  await run.enter('snapshot')
  const { ranges, streams, snapshot } = await openStreams(sides, tables)

  await run.enter('stage')
  run.staged = true
  const instant = request.at ?? snapshot.takenAt
  await delta.decide(instant)
  const context = await stageContext(sides, { snapshot, instant, inputTypes, ranges, tell: delta.tell })
  const read = await stageWithReferences(tables, streams, context)
  const writing = await answering(streams.map((stream) => stream.target))
  await delta.confirm(read)
  sessions.leaveSource()
  await hold.record(session, run.id)
  // Before the kept version is changed; without a delta this happens in its own phase.
  const isChanging = read.some(({ way }) => way === 'delta')
  if (isChanging && !request.allowShrink) await guardRows(sides, read)
  const next = await delta.next(read, context)
  const there = { ...context, staging: next.schema }
  const staged = [...read, ...(await stageHistories(read, request, there, writing[0] ?? session))]

  await run.enter('verify')
  if (!request.allowShrink) await guardRows(sides, staged)
  const references = stagedReferences(read, there)
  await declareReferences(session, next.schema, references)
  await verifyStaged(writing, staged, references, there)
  if (request.dryRun) return await rehearsed(sides, run, staged, snapshot.takenAt)

  await run.enter('publish')
  const carry = await prepareSwitch(target, next.schema, versionOf(publication, true))
  const { differing, ready } = next
  for (const name of differing) run.notice(`${name}: ${DIFFERS}`)
  const known = { origin: delta.origin(staged, await ready()), isDoubtful: differing.size > 0 }
  const switched = await switchTo(sides, run, staged, carry, there, known)
  run.staged = false
  const work = () => describe(sides, run, staged, writing, switched, delta, differing)
  const outcomes = await run.afterwards(undescribed(staged), work)
  return reportOf(sides, run, outcomes, snapshot.takenAt, switched)
}

async function openStreams({ target, sessions, coordinator, hold }: Sides, tables: readonly PublishedTable[]) {
  const { publication } = target
  const ranges = await planRanges(coordinator, publication, tables)
  const readers = readersOf(publication.tables, ranges)
  const streams = await sessions.streams(Math.min(publication.limits.copyStreams, readers))
  return { ranges, streams, snapshot: await hold.take() }
}

/** The staging schema is empty then. */
const stageContext = async (
  { request, columns, target, sessions, coordinator, hold }: Sides,
  given: Pick<StageContext, 'snapshot' | 'instant' | 'inputTypes' | 'ranges' | 'tell'>,
): Promise<StageContext> => ({
  ...given,
  target,
  staging: await openStaging(target),
  coordinator,
  release: () => hold.release(),
  openTarget: () => sessions.target('carry'),
  renew: (stream) => sessions.renew(stream, target.session, coordinator),
  columns,
  pseudonymKey: request.pseudonymKey,
  observer: request.observer,
  signal: request.signal,
})

/** The last two phases: counts what changed, while the old version still exists, and closes the record. */
async function describe(
  { request, target }: Sides,
  run: RecordedRun<SyncReport>,
  staged: readonly StagedTable[],
  writing: readonly Session[],
  switched: SwitchResult,
  delta: Delta,
  differing: ReadonlySet<string>,
): Promise<readonly TableOutcome[]> {
  const { session, publication } = target
  await run.enter('describe')
  const schemas = { current: publication.schema, previous: retiredSchema(publication) }
  await hideRetired(target, switched)
  const described = await describeTables(writing, publication, staged, schemas, request.observer, delta.rowsBefore)
  const outcomes = described.map((outcome) => withDifference(outcome, differing))
  for (const name of await returnStrangers(target)) {
    run.notice(`it was made while versions changed, and stands in ${schemas.previous} now: ${name}`)
  }
  await run.enter('record')
  await succeedRun(session, run.id, outcomes, run.times(), switched, publication.limits)
  for (const { place, detail } of await dropUnkept(target)) {
    run.notice(`a retired version is not removed yet, the next run tries again: ${place} (${detail})`)
  }
  return outcomes
}

const undescribed = (staged: readonly StagedTable[]) => staged.map((entry) => outcomeOf(entry, null))

/** Throws what `switchVersions` throws, and INTERRUPTED. Later interrupts do not stop the run. */
async function switchTo(
  sides: Sides,
  run: RecordedRun<SyncReport>,
  staged: readonly StagedTable[],
  carry: CarryPlan,
  { staging, snapshot, instant }: StageContext,
  { origin, isDoubtful }: { readonly origin: VersionOrigin; readonly isDoubtful: boolean },
): Promise<SwitchResult> {
  const { request, target, newSource, keyPrint } = sides
  const { session, publication } = target
  if (request.signal.aborted) throw interruptOf(request.signal)
  run.switching = reportOf(sides, run, undescribed(staged), snapshot.takenAt, unheardSwitch(carry.way))
  const computed = new Set(staged.filter(({ carried }) => !carried).map(({ table }) => table.name))
  return switchVersions(target, staging, carry, async () => {
    // Another definition may have been approved meanwhile.
    await requireApproved(target)
    const { sparesKept, rights } = carry
    await recordPublication(session, run.id, publication.schema, snapshot.takenAt, undescribed(staged), sparesKept)
    await recordSwitch(target, versionOf(publication, true, keyPrint, origin), rights.taken, sparesKept)
    // The kept version was made by the same kind of delta that has just been proved wrong.
    if (isDoubtful) await forgetKeptOrigin(target)
    if (newSource !== null) await recordSource(target, newSource)
    await recordDay(target, staging, computed, dayOf(publication, instant))
  })
}

/** Throws TABLE_SHRANK, SOURCE_EMPTY. */
async function guardRows({ target }: Sides, staged: readonly StagedTable[]): Promise<void> {
  const { session, publication } = target
  guardShrink(staged, await recordedRows(session, publication.schema, 'freshness'), publication.limits)
  guardEmpty(staged.filter(({ table }) => publication.tables.some(({ name }) => name === table.name)))
}

/** A rehearsal compares the staged version with the published one, and removes it. */
async function rehearsed(
  sides: Sides,
  run: RecordedRun<SyncReport>,
  staged: readonly StagedTable[],
  dataOf: Date,
): Promise<SyncReport> {
  const { request, target } = sides
  const { session, publication } = target
  await run.enter('describe')
  const schemas = { current: stagingSchema(publication), previous: publication.schema }
  const outcomes = await describeTables([session], publication, staged, schemas, request.observer)
  await dropStaging(target)
  run.staged = false
  await run.enter('record')
  await succeedRun(session, run.id, outcomes, run.times(), null, publication.limits)
  return reportOf(sides, run, outcomes, dataOf, null)
}

const reportOf = (
  { hold, newDrift }: Sides,
  run: RecordedRun<SyncReport>,
  tables: readonly TableOutcome[],
  dataOf: Date,
  switched: SwitchResult | null,
): SyncReport => ({
  run: run.id,
  tables,
  newDrift,
  phases: run.times(),
  dataOf,
  snapshotMilliseconds: hold.milliseconds,
  switchWay: switched?.way ?? null,
  switchTries: switched?.tries ?? 0,
  switchHeld: switched?.held ?? false,
  switchMilliseconds: switched?.milliseconds ?? 0,
  dryRun: switched === null,
})
