/**
 * A run, step by step: check, snapshot, stage, verify, publish, describe, record. All branching of a run is here; each step
 * does one thing in its own file. Until the switch nothing that the reader can see has changed; after any failure the
 * previous version is served, whole.
 */
import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { requireSound } from '../lineage/check.ts'
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
import { recordedRows, recordPublication, succeedRun, type TableOutcome } from '../record/runs.ts'
import { recordedVersion, recordSwitch, versionOf } from '../record/versions.ts'
import { declareReferences } from '../version/build.ts'
import { type CarryPlan, planCarry } from '../version/carry.ts'
import { dropStaging, openStaging } from '../version/staging.ts'
import { dropUnkept, hideRetired, switchVersions, unheardSwitch } from '../version/switch.ts'
import { guardShrink } from '../version/verify.ts'
import { checkSource, checkTarget, outgoingNames } from './check.ts'
import { describeTables, outcomeOf } from './describe.ts'
import { stageHistories } from './histories.ts'
import type { SyncReport } from './observer.ts'
import { createOwnViews } from './own-views.ts'
import { performRun, type RecordedRun } from './recorded-run.ts'
import { stagedReferences, stageWithReferences } from './references.ts'
import { chosenTables, type IsDone, requirePseudonymKey, type SyncRequest, withChangedTables } from './request.ts'
import { both, RunSessions, type Stream } from './sessions.ts'
import { SnapshotHold } from './snapshot-hold.ts'
import type { StageContext, StagedTable } from './stage.ts'
import { verifyStaged } from './verify.ts'

export { chosenTables, type IsDone, type SyncRequest } from './request.ts'

/** Publishes the next version. Throws VitrineError; the previous version then stays, and the run is recorded as failed. */
export const sync = async (request: SyncRequest): Promise<SyncReport> =>
  // sound because only a run that is found done returns null.
  (await syncUnless(request, async () => false)) as SyncReport

/** The same, but null when `isDone`, asked under the lock: of two that begin together the second sees the first's version. */
export async function syncUnless(request: SyncRequest, isDone: IsDone): Promise<SyncReport | null> {
  const { publication, observer, signal, trigger } = request
  requireSound(publication)
  requirePseudonymKey(request)
  const chosen = chosenTables(publication, request.only)
  const sessions = new RunSessions(publication, request)
  try {
    const [session, coordinator] = await both(sessions.target('lead'), sessions.source('snapshot'))
    const target: Target = { session, publication }
    const identity = await refuseSameDatabase(coordinator, session)
    await takeRunLock(session, publication.schema)
    const newSource = await requireOwnTarget(target, identity)
    if (await isDone(session)) return null
    if (!(await bookkeepingIsCurrent(session))) await requireApproved(target)
    const hold = new SnapshotHold(coordinator, publication.limits.snapshotLimitMs)
    const steps = new Steps(request, target, sessions, coordinator, hold, newSource)
    return await performRun<SyncReport>(
      { target, sessions, trigger, observer, signal },
      {
        perform: (run) => steps.perform(run, chosen),
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

class Steps {
  readonly #request: SyncRequest
  readonly #target: Target
  readonly #sessions: RunSessions
  readonly #coordinator: Session
  readonly #hold: SnapshotHold
  /** Recorded with the version; null when the record has it already. */
  readonly #newSource: DatabaseIdentity | null

  constructor(
    request: SyncRequest,
    target: Target,
    sessions: RunSessions,
    coordinator: Session,
    hold: SnapshotHold,
    newSource: DatabaseIdentity | null,
  ) {
    this.#request = request
    this.#target = target
    this.#sessions = sessions
    this.#coordinator = coordinator
    this.#hold = hold
    this.#newSource = newSource
  }

  async perform(run: RecordedRun<SyncReport>, chosen: readonly PublishedTable[]): Promise<SyncReport> {
    const target = this.#target
    const { session, publication } = target
    await checkTarget(target)
    const inputTypes = await checkSource(this.#coordinator, publication)
    const published = await recordedVersion(target, 'published')
    const tables = withChangedTables(publication, chosen, published, (text) => run.notice(text))

    await run.enter('snapshot')
    const streams = await this.#sessions.streams(Math.min(publication.limits.copyStreams, publication.tables.length))
    const snapshot = await this.#hold.take()

    await run.enter('stage')
    run.staged = true
    const staging = await openStaging(target)
    const context = this.#context(staging, snapshot, inputTypes)
    const read = await stageWithReferences(tables, streams, context, () => this.#sessions.target('carry'))
    this.#sessions.leaveSource()
    await this.#hold.record(session, run.id)
    const writing = streams.map((stream) => stream.target)
    const days = await stageHistories(read, this.#request.only, context, session, () =>
      this.#sessions.target('history'),
    )
    const staged = [...read, ...days]

    await run.enter('verify')
    if (!this.#request.allowShrink) await this.#guard(staged)
    const references = stagedReferences(read, context)
    await declareReferences(session, staging, references)
    await verifyStaged(writing, staging, staged, references)
    if (this.#request.dryRun) return await this.#rehearsed(run, staged, streams, snapshot.takenAt)

    await run.enter('publish')
    await createOwnViews(target, staging)
    const carry = await this.#carry(staging)
    const switched = await this.#switch(run, staged, carry, context)
    run.staged = false
    const plain = staged.map((entry) => outcomeOf(entry, null))
    const outcomes = await run.afterwards(plain, () => this.#afterwards(run, staged, writing, switched))
    return this.#report(run, outcomes, snapshot.takenAt, switched)
  }

  #context(staging: string, snapshot: StageContext['snapshot'], inputTypes: StageContext['inputTypes']): StageContext {
    const { at, pseudonymKey, observer, signal } = this.#request
    return {
      target: this.#target,
      staging,
      snapshot,
      instant: at ?? snapshot.takenAt,
      coordinator: this.#coordinator,
      release: () => this.#hold.release(),
      inputTypes,
      pseudonymKey,
      observer,
      signal,
    }
  }

  /** Throws TABLE_SHRANK. */
  async #guard(staged: readonly StagedTable[]): Promise<void> {
    const { session, publication } = this.#target
    const before = await recordedRows(session, publication.schema, 'freshness')
    const tables = staged.map(({ table, rows }) => ({
      name: table.name,
      before: before.get(table.name) ?? 0,
      after: rows,
    }))
    guardShrink(tables, publication.limits)
  }

  /** Read again before the switch, and the rights given to the staged tables. Throws DEPENDENT_BLOCKS. */
  async #carry(staging: string): Promise<CarryPlan> {
    const { session, publication } = this.#target
    const { shapes, views } = versionOf(publication, true)
    const outgoing = await outgoingNames(this.#target)
    const carry = await planCarry(this.#target, { outgoing, incoming: { schema: staging, shapes, views } })
    if (carry.tableGrants.length > 0) await session.execute(carry.tableGrants.join('; '))
    return carry
  }

  async #switch(
    run: RecordedRun<SyncReport>,
    staged: readonly StagedTable[],
    carry: CarryPlan,
    { snapshot, instant }: StageContext,
  ): Promise<SwitchResult> {
    const target = this.#target
    const { session, publication } = target
    if (this.#request.signal.aborted) throw new VitrineError('INTERRUPTED')
    const outcomes = staged.map((entry) => outcomeOf(entry, null))
    run.switching = this.#report(run, outcomes, snapshot.takenAt, unheardSwitch(carry.way))
    const computed = new Set(staged.filter(({ carried }) => !carried).map(({ table }) => table.name))
    return switchVersions(target, stagingSchema(publication), carry, async () => {
      // Another definition may have been approved meanwhile: what is not approved is not published.
      await requireApproved(target)
      await recordPublication(session, run.id, publication.schema, snapshot.takenAt, outcomes)
      await recordSwitch(target, versionOf(publication, true))
      if (this.#newSource !== null) await recordSource(target, this.#newSource)
      await recordDay(target, computed, dayOf(publication, instant))
    })
  }

  async #afterwards(
    run: RecordedRun<SyncReport>,
    staged: readonly StagedTable[],
    writing: readonly Session[],
    switched: SwitchResult,
  ): Promise<readonly TableOutcome[]> {
    const { session, publication } = this.#target
    await run.enter('describe')
    const schemas = { current: publication.schema, previous: retiredSchema(publication) }
    const outcomes = await describeTables(writing, publication, staged, schemas, this.#request.observer)
    await hideRetired(this.#target)
    await run.enter('record')
    await succeedRun(session, run.id, outcomes, run.times(), switched, publication.limits)
    for (const name of await dropUnkept(this.#target)) {
      run.notice(`a retired version is not removed yet, the next run tries again: ${name}`)
    }
    return outcomes
  }

  async #rehearsed(
    run: RecordedRun<SyncReport>,
    staged: readonly StagedTable[],
    streams: readonly Stream[],
    dataOf: Date,
  ): Promise<SyncReport> {
    const { session, publication } = this.#target
    await run.enter('describe')
    const schemas = { current: stagingSchema(publication), previous: publication.schema }
    const writing = streams.map(({ target }) => target)
    const outcomes = await describeTables(writing, publication, staged, schemas, this.#request.observer)
    await dropStaging(this.#target)
    run.staged = false
    await run.enter('record')
    await succeedRun(session, run.id, outcomes, run.times(), null, publication.limits)
    return this.#report(run, outcomes, dataOf, null)
  }

  #report(
    run: RecordedRun<SyncReport>,
    tables: readonly TableOutcome[],
    dataOf: Date,
    switched: SwitchResult | null,
  ): SyncReport {
    return {
      run: run.id,
      tables,
      phases: run.times(),
      dataOf,
      snapshotMilliseconds: this.#hold.milliseconds,
      switchWay: switched?.way ?? null,
      switchTries: switched?.tries ?? 0,
      switchHeld: switched?.held ?? false,
      switchMilliseconds: switched?.milliseconds ?? 0,
      dryRun: switched === null,
    }
  }
}
