/**
 * Runs that happen only when they are due: asks the target, publishes unless another one did meanwhile, and leaves a record
 * of a try that failed before its run began. Used by `schedule`, by `sync --if-due` and by the demonstration.
 */
import { asVitrineError, type VitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import { runLockHolder } from '../postgres/lock.ts'
import type { Publication } from '../publication/publication.ts'
import { type LatestRun, latestRun, recordAttempt } from '../record/attempt.ts'
import { bookkeepingVersion } from '../record/bookkeeping.ts'
import { freshnessOf } from '../record/runs.ts'
import type { SyncReport } from '../run/observer.ts'
import type { IsDone } from '../run/request.ts'
import { type Dueness, isDue } from '../schedule/dueness.ts'
import type { Call } from './command.ts'
import { withSession } from './sessions.ts'

/** Publishes unless `isDone` under the lock, and shows what it did; null when it was done. */
export type PublishUnless = (isDone: IsDone) => Promise<SyncReport | null>

export class DueRuns {
  readonly #call: Call
  readonly #publication: Publication
  readonly #target: Address
  readonly #publish: PublishUnless
  /** As of the last look. */
  latest: LatestRun | null = null
  /** Seconds since the session began that holds the run lock, as of the last look; null when it is free. */
  heldSeconds: number | null = null
  /** The rows of each published table as of the last look. */
  rows: ReadonlyMap<string, number> = new Map()

  constructor(call: Call, publication: Publication, target: Address, publish: PublishUnless) {
    this.#call = call
    this.#publication = publication
    this.#target = target
    this.#publish = publish
  }

  /** Throws VitrineError. */
  look(): Promise<Dueness> {
    const wish = { side: 'target', address: this.#target, readOnly: true } as const
    return withSession(this.#call, this.#publication, wish, async (session) => {
      const { schema } = this.#publication
      this.latest = await latestRun(session, schema)
      this.heldSeconds = (await runLockHolder(session, schema))?.age ?? null
      const published = (await bookkeepingVersion(session)) === 0 ? [] : await freshnessOf(session, schema)
      this.rows = new Map(published.map(({ table, rows }) => [table, rows]))
      return isDue(session, this.#publication)
    })
  }

  /** Null when it is no longer due. Call `look` first. Throws VitrineError. */
  async run(): Promise<SyncReport | null> {
    try {
      return await this.#publish(async (target) => !(await isDue(target, this.#publication)).due)
    } catch (thrown) {
      const error = asVitrineError(thrown)
      await this.#record(error)
      throw error
    }
  }

  async #record(error: VitrineError): Promise<void> {
    if (error.code === 'RUN_IN_PROGRESS' || this.#call.signal.aborted) return
    const wish = { side: 'target', address: this.#target, readOnly: false } as const
    const { latest } = this
    // What cannot be recorded, because the target itself is away, is in the log and in the alarm.
    await withSession(this.#call, this.#publication, wish, (session) =>
      recordAttempt(session, this.#publication, 'schedule', error, latest),
    ).catch(() => undefined)
  }
}
