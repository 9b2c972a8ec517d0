/**
 * A rollback, step by step: the version before comes back, and the present one takes its place out of sight, so that a
 * second rollback undoes the first. Nothing is read from the source. It is a run like the others: one at a time, recorded,
 * switched at once, and after any failure the present version is served. The history does not go back: its tables are
 * filled from the ledger, where no recorded day is touched.
 */
import { asVitrineError, VitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import { connect, type Session } from '../postgres/connect.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import { type Publication, retiredSchema } from '../publication/publication.ts'
import { shapeOf } from '../publication/shape.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { readOwnRecord } from '../record/installation.ts'
import { ledgerSelect } from '../record/ledger.ts'
import type { SwitchResult, SwitchWay } from '../record/outcome.ts'
import { ownViews } from '../record/own-views.ts'
import {
  beginRun,
  failRun,
  type Phase,
  recordRollback,
  startOf,
  succeedRun,
  type TableOutcome,
} from '../record/runs.ts'
import { planCarry } from '../version/carry.ts'
import { requireKeptVersion } from '../version/kept-version.ts'
import {
  dropRelations,
  dropStaging,
  finishTable,
  type Load,
  loadTable,
  requireWorkSchemas,
} from '../version/staging.ts'
import { dropUnkept, hideRetired, switchVersions } from '../version/switch.ts'
import { describeTables, outcomeOf } from './describe.ts'
import type { RunObserver } from './observer.ts'
import { PhaseClock } from './phase-clock.ts'
import { takeOver } from './sessions.ts'
import type { StagedTable } from './stage.ts'

export interface RollbackRequest {
  readonly publication: Publication
  readonly target: Address
  readonly observer: RunObserver
  readonly signal: AbortSignal
}

export interface RollbackReport {
  readonly run: number
  readonly tables: readonly TableOutcome[]
  /** Of when the data are that came back. */
  readonly dataOf: Date | null
  readonly switchWay: SwitchWay
  readonly switchTries: number
  readonly switchMilliseconds: number
}

/** Throws VitrineError: VERSION_NOT_KEPT, VERSION_DIFFERS and whatever a switch may throw; nothing has changed then. */
export async function rollback(request: RollbackRequest): Promise<RollbackReport> {
  const { publication, target } = request
  const open = (role: string) =>
    connect(target, {
      side: 'target',
      name: `vitrine ${publication.name} ${role}`,
      limits: publication.limits,
      readOnly: false,
      searchPath: [],
    })
  const sessions = [await open('lead')]
  try {
    // sound because it was just opened.
    const control = sessions[0] as Session
    await takeRunLock(control, publication.schema)
    await requireBookkeeping(control, publication.schema)
    await readOwnRecord(control, publication)
    const run = await beginRun(control, startOf(publication, 'rollback'))
    const openMore = async (role: string) => {
      const session = await open(role)
      sessions.push(session)
      return session
    }
    const work = new Rollback(request, control, run)
    try {
      return await work.perform(() => openMore('history'))
    } catch (thrown) {
      const error = asVitrineError(thrown)
      const leading = await takeOver(control, sessions.slice(1), () => openMore('record'))
      const published = leading !== null && (await failRun(leading, run, work.phase, error).catch(() => false))
      if (leading === null || !published || work.switching === null) throw error
      request.observer({ kind: 'notice', text: `rolled back, but not described (${error.code})` })
      await dropUnkept(leading, publication).catch(() => undefined)
      return work.switching
    } finally {
      await releaseRunLock(control, publication.schema)
    }
  } finally {
    await Promise.all(sessions.map((session) => session.end()))
  }
}

class Rollback {
  readonly #request: RollbackRequest
  readonly #control: Session
  readonly #run: number
  readonly #phases: PhaseClock
  /** What is true if the switch under way has succeeded without our hearing of it; null before. */
  switching: RollbackReport | null = null

  constructor(request: RollbackRequest, control: Session, run: number) {
    this.#request = request
    this.#control = control
    this.#run = run
    this.#phases = new PhaseClock(control, run, request.observer)
  }

  get phase(): Phase {
    return this.#phases.phase
  }

  async perform(openLedger: () => Promise<Session>): Promise<RollbackReport> {
    const { publication } = this.#request
    const control = this.#control
    await this.#enter('check')
    await requireWorkSchemas(control, publication)
    await hideRetired(control, publication)
    const { schema: kept, rows } = await requireKeptVersion(control, publication)
    await planCarry(control, publication, kept)

    await this.#enter('stage')
    // What a dead run left there: its name is needed while the two versions change places.
    await dropStaging(control, publication)
    const tables: StagedTable[] = publication.tables.map((table) => ({
      ...UNREAD,
      table,
      rows: rows.get(table.name) ?? 0,
    }))
    if (publication.histories.length > 0) tables.push(...(await this.#restoreHistories(kept, await openLedger())))
    await dropRelations(control, kept, 'v')
    for (const { sql } of ownViews(publication, kept)) await control.execute(sql)
    const carry = await planCarry(control, publication, kept)
    if (carry.tableGrants.length > 0) await control.execute(carry.tableGrants.join('; '))

    await this.#enter('publish')
    const histories = tables.slice(publication.tables.length).map(({ table, rows }) => ({ table: table.name, rows }))
    let dataOf: Date | null = null
    const switched = await switchVersions(control, publication, kept, carry, async () => {
      dataOf = await recordRollback(control, this.#run, publication.schema, histories)
      const outcomes = tables.map((entry) => outcomeOf(entry, null))
      this.switching = {
        run: this.#run,
        tables: outcomes,
        dataOf,
        switchWay: carry.way,
        switchTries: 0,
        switchMilliseconds: 0,
      }
    })
    return await this.#afterwards(tables, dataOf, switched)
  }

  /** History tables of the kept version hold the days of then: they are built anew from the ledger, which has all. */
  async #restoreHistories(kept: string, ledger: Session): Promise<readonly StagedTable[]> {
    const { publication, signal, observer } = this.#request
    const restored: StagedTable[] = []
    for (const table of publication.histories) {
      const started = performance.now()
      const shape = shapeOf(table, { ...publication, schema: kept })
      const columns = table.columns.map(({ name }) => name)
      const select = ledgerSelect(table, publication, null)
      await dropRelations(this.#control, kept, 'r', table.name)
      const load: Load = { source: ledger.client, reading: 'target', select, columns, rewriter: null, signal }
      const { written, bytes } = await loadTable(this.#control, shape, kept, load)
      await finishTable(this.#control, shape, kept)
      const milliseconds = performance.now() - started
      observer({ kind: 'table staged', table: table.name, rows: written, milliseconds })
      restored.push({ ...UNREAD, table, rows: written, bytes, milliseconds })
    }
    return restored
  }

  /** After the switch nothing can fail the rollback any more: what goes wrong here is told. */
  async #afterwards(
    tables: readonly StagedTable[],
    dataOf: Date | null,
    switched: SwitchResult,
  ): Promise<RollbackReport> {
    const { publication, observer } = this.#request
    let outcomes: readonly TableOutcome[] = tables.map((entry) => outcomeOf(entry, null))
    try {
      await this.#enter('describe')
      const schemas = { current: publication.schema, previous: retiredSchema(publication) }
      outcomes = await describeTables([this.#control], publication, tables, schemas, observer)
      await hideRetired(this.#control, publication)
      await this.#enter('record')
      await succeedRun(this.#control, this.#run, outcomes, this.#phases.times(), switched, publication.limits)
      await dropUnkept(this.#control, publication)
    } catch (error) {
      const { code } = asVitrineError(error)
      observer({
        kind: 'notice',
        text: `rolled back, but the record could not be completed (${code}); the next run closes it`,
      })
    }
    const { way, tries, milliseconds } = switched
    return {
      run: this.#run,
      tables: outcomes,
      dataOf,
      switchWay: way,
      switchTries: tries,
      switchMilliseconds: milliseconds,
    }
  }

  async #enter(phase: Phase): Promise<void> {
    if (this.#request.signal.aborted && (phase === 'stage' || phase === 'publish'))
      throw new VitrineError('INTERRUPTED')
    await this.#phases.enter(phase)
  }
}

/** What is true of every table that comes back: its rows are those of then, none was read. */
const UNREAD = { carried: false, bytes: 0, milliseconds: 0, unknown: {} } as const
