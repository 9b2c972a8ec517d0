/**
 * A run, step by step: check, snapshot, stage, verify, publish, describe, record. All branching of a run is here; each step
 * does one thing in its own file. Until the switch nothing that the reader can see has changed; after any failure the
 * previous version is served, whole.
 */
import { asVitrineError, VitrineError } from '../base/errors.ts'
import { requireSound } from '../lineage/check.ts'
import { requireMigrated } from '../migration/migrate.ts'
import type { Session } from '../postgres/connect.ts'
import { type DatabaseIdentity, refuseSameDatabase } from '../postgres/identity.ts'
import { takeRunLock } from '../postgres/lock.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { PublishedTable } from '../publication/table.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
import { recordSource, requireOwnTarget } from '../record/installation.ts'
import type { SwitchResult } from '../record/outcome.ts'
import {
  beginRun,
  failRun,
  type Phase,
  recordPublication,
  startOf,
  succeedRun,
  type TableOutcome,
} from '../record/runs.ts'
import type { CarryPlan } from '../version/carry.ts'
import { dropStaging, openStaging } from '../version/staging.ts'
import { dropUnkept, hideRetired, switchVersions, unheardSwitch } from '../version/switch.ts'
import { check } from './check.ts'
import { describeTables, outcomeOf } from './describe.ts'
import { recordHistories, stageHistories } from './histories.ts'
import { interruption } from './interruption.ts'
import type { SyncReport } from './observer.ts'
import { PhaseClock } from './phase-clock.ts'
import { grantAgain, prepareVersion } from './prepare.ts'
import { stageWithReferences } from './references.ts'
import { chosenTables, type IsDone, requirePseudonymKey, type SyncRequest } from './request.ts'
import { both, RunSessions, type Stream, settled } from './sessions.ts'
import { SnapshotHold } from './snapshot-hold.ts'
import type { StageContext, StagedTable } from './stage.ts'
import { guardStaged, verifyStaged } from './verify.ts'
import { weightsOf } from './weights.ts'

export { chosenTables, type IsDone, type SyncRequest } from './request.ts'

/** Publishes the next version. Throws VitrineError; the previous version then stays, and the run is recorded as failed. */
export const sync = async (request: SyncRequest): Promise<SyncReport> =>
  // sound because only a run that is found done gives null.
  (await syncUnless(request, async () => false)) as SyncReport

/** The same, but null when `isDone`, asked under the lock: of two that begin together the second sees the first's version. */
export async function syncUnless(request: SyncRequest, isDone: IsDone): Promise<SyncReport | null> {
  const { publication } = request
  requireSound(publication)
  requirePseudonymKey(request)
  const tables = chosenTables(publication, request.only)
  const sessions = new RunSessions(publication, request)
  try {
    const [control, coordinator] = await sessions.leads()
    const identity = await refuseSameDatabase(coordinator, control)
    await takeRunLock(control, publication.schema)
    const newSource = await requireOwnTarget(control, publication, identity)
    if (await isDone(control)) return null
    if (!(await bookkeepingIsCurrent(control))) await requireMigrated(control, publication)
    const id = await beginRun(control, startOf(publication, request.trigger))
    const run = new Run(request, sessions, control, coordinator, id)
    return await run.publish(tables, newSource)
  } finally {
    await sessions.end()
  }
}

class Run {
  readonly #request: SyncRequest
  readonly #publication: Publication
  readonly #sessions: RunSessions
  readonly #control: Session
  readonly #coordinator: Session
  readonly #id: number
  readonly #phases: PhaseClock
  readonly #hold: SnapshotHold
  #staging: string | null = null
  /** The target's sessions of the streams: what is done table by table is spread over them. */
  #writing: readonly Session[] = []
  #switching: SyncReport | null = null

  constructor(request: SyncRequest, sessions: RunSessions, control: Session, coordinator: Session, id: number) {
    this.#request = request
    this.#publication = request.publication
    this.#sessions = sessions
    this.#control = control
    this.#coordinator = coordinator
    this.#id = id
    this.#phases = new PhaseClock(control, id, request.observer)
    this.#hold = new SnapshotHold(coordinator, request.publication.limits.snapshotLimitMs)
  }

  /** `newSource` is recorded with the version; null when the record has it already. */
  async publish(tables: readonly PublishedTable[], newSource: DatabaseIdentity | null): Promise<SyncReport> {
    const steps = this.#steps(tables, newSource)
    // From the switch on, the switch decides.
    const interrupt = interruption(this.#request.signal, () => this.#switching === null)
    try {
      return await Promise.race([steps, interrupt.happened, this.#hold.expired])
    } catch (thrown) {
      const { aborted } = this.#request.signal
      const error = aborted ? new VitrineError('INTERRUPTED', { cause: thrown }) : asVitrineError(thrown)
      const published = await this.#abandon(error, steps)
      if (!published || this.#switching === null) throw error
      this.#request.observer({ kind: 'notice', text: `published, but not described (${error.code})` })
      return this.#switching
    } finally {
      interrupt.forget()
    }
  }

  async #steps(tables: readonly PublishedTable[], newSource: DatabaseIdentity | null): Promise<SyncReport> {
    const { signal, observer, pseudonymKey, dryRun } = this.#request
    this.#request.observer({ kind: 'phase', phase: 'check' })
    const opening = this.#openStreams()
    const inputTypes = await check(this.#control, this.#coordinator, this.#publication, opening)

    await this.#enter('snapshot')
    const streams = await opening
    const weighing = weightsOf(this.#publication, this.#control, this.#coordinator)
    const [weights, snapshot] = await both(weighing, this.#hold.take())

    await this.#enter('stage')
    // Before it is made: an answer that is lost does not say whether it was.
    this.#staging = stagingSchema(this.#publication)
    const staging = await openStaging(this.#control, this.#publication)
    const context: StageContext = {
      publication: this.#publication,
      staging,
      snapshot,
      instant: this.#request.at ?? snapshot.takenAt,
      coordinator: this.#coordinator,
      release: () => this.#hold.release(),
      inputTypes,
      pseudonymKey,
      observer,
      signal,
    }
    const readPublished = () => this.#sessions.target('carry')
    const read = await stageWithReferences(tables, streams, weights, context, this.#control, readPublished)
    this.#sessions.leaveSource()
    this.#writing = streams.map(({ target }) => target)

    await this.#enter('verify')
    await this.#hold.record(this.#control, this.#id)
    const openMore = () => this.#sessions.target('history')
    const [days, { before, references, carry }] = await both(
      stageHistories(read, this.#request.only, context, this.#writing, openMore),
      prepareVersion(this.#control, read, context),
    )
    const staged = [...read, ...days]
    if (!this.#request.allowShrink) guardStaged(staged, before, this.#publication.limits)
    await verifyStaged(this.#writing, staging, staged, references)
    await grantAgain(this.#control, carry)

    if (dryRun) return await this.#rehearsed(staged, staging, snapshot.takenAt)

    await this.#enter('publish')
    const switched = await this.#switch(staged, staging, carry, context, newSource)

    const outcomes = await this.#afterwards(staged, switched)
    return this.#report(outcomes, snapshot.takenAt, switched)
  }

  /** Opened while the two sides are checked; waited for afterwards, when what is wrong with them has been told. */
  #openStreams(): Promise<readonly Stream[]> {
    const { limits, tables } = this.#publication
    const opening = this.#sessions.streams(Math.min(limits.copyStreams, tables.length))
    opening.catch(() => undefined)
    return opening
  }

  async #switch(
    staged: readonly StagedTable[],
    staging: string,
    carry: CarryPlan,
    context: StageContext,
    newSource: DatabaseIdentity | null,
  ): Promise<SwitchResult> {
    if (this.#request.signal.aborted) throw new VitrineError('INTERRUPTED')
    const { snapshot, instant } = context
    const outcomes = staged.map((table) => outcomeOf(table, null))
    this.#switching = this.#report(outcomes, snapshot.takenAt, unheardSwitch(carry.way))
    const record = async () => {
      await recordPublication(this.#control, this.#id, this.#publication.schema, snapshot.takenAt, outcomes)
      if (newSource !== null) await recordSource(this.#control, this.#publication.schema, newSource)
      await recordHistories(this.#control, this.#publication, staged, instant)
    }
    const result = await switchVersions(this.#control, this.#publication, staging, carry, record)
    this.#staging = null
    return result
  }

  /** After the switch nothing can fail the run any more: what goes wrong here is told, and the next run mends the record. */
  async #afterwards(staged: readonly StagedTable[], switched: SwitchResult): Promise<readonly TableOutcome[]> {
    const { observer } = this.#request
    let outcomes: readonly TableOutcome[] = staged.map((entry) => outcomeOf(entry, null))
    try {
      await this.#enter('describe')
      outcomes = await this.#describe(staged, this.#publication.schema, retiredSchema(this.#publication))
      await hideRetired(this.#control, this.#publication)
      await this.#enter('record')
      await succeedRun(this.#control, this.#id, outcomes, this.#phases.times(), switched, this.#publication.limits)
      for (const name of await dropUnkept(this.#control, this.#publication)) {
        observer({ kind: 'notice', text: `a retired version is not removed yet, the next run tries again: ${name}` })
      }
    } catch (error) {
      const { code } = asVitrineError(error)
      observer({
        kind: 'notice',
        text: `published, but the record of the run could not be completed (${code}); the next run closes it`,
      })
    }
    return outcomes
  }

  #describe(staged: readonly StagedTable[], current: string, previous: string): Promise<readonly TableOutcome[]> {
    return describeTables(this.#writing, this.#publication, staged, { current, previous }, this.#request.observer)
  }

  async #rehearsed(staged: readonly StagedTable[], staging: string, dataOf: Date): Promise<SyncReport> {
    await this.#enter('describe')
    const outcomes = await this.#describe(staged, staging, this.#publication.schema)
    await dropStaging(this.#control, this.#publication)
    this.#staging = null
    await this.#enter('record')
    await succeedRun(this.#control, this.#id, outcomes, this.#phases.times(), null, this.#publication.limits)
    return this.#report(outcomes, dataOf, null)
  }

  #report(tables: readonly TableOutcome[], dataOf: Date, switched: SwitchResult | null): SyncReport {
    return {
      run: this.#id,
      tables,
      phases: this.#phases.times(),
      dataOf,
      snapshotMilliseconds: this.#hold.milliseconds,
      switchWay: switched?.way ?? null,
      switchTries: switched?.tries ?? 0,
      switchHeld: switched?.held ?? false,
      switchMilliseconds: switched?.milliseconds ?? 0,
      dryRun: switched === null,
    }
  }

  async #enter(phase: Phase): Promise<void> {
    if (this.#request.signal.aborted && phase !== 'describe' && phase !== 'record')
      throw new VitrineError('INTERRUPTED')
    await this.#phases.enter(phase)
  }

  /**
   * After a failure: ends all sessions but one of the target, if it can be reached, which removes the staging area and
   * records the failure. Gives whether the version was published all the same, when the answer to its commit was lost.
   */
  async #abandon(error: VitrineError, steps: Promise<unknown>): Promise<boolean> {
    const leading = await this.#sessions.abandon(this.#control, this.#coordinator)
    this.#hold.ended()
    // An interrupted step may still be creating the staging area through the leading session.
    await settled(steps)
    if (leading === null) return false
    try {
      // The lock has gone with the session that is lost; without it the staging area may be another run's already.
      if (leading !== this.#control) await takeRunLock(leading, this.#publication.schema)
      if (this.#staging !== null) await dropStaging(leading, this.#publication)
    } catch {
      // What cannot be removed now, the next run removes.
    }
    const published = await failRun(leading, this.#id, this.#phases.phase, error).catch(() => false)
    await this.#hold.record(leading, this.#id).catch(() => undefined)
    if (published) await dropUnkept(leading, this.#publication).catch(() => undefined)
    return published
  }
}
