/**
 * Runs that happen only when they are due: asks the target, publishes unless another one did meanwhile, and records
 * a try that failed before its run began. Used by `schedule`, by `sync --if-due` and by systems built on them.
 */
import { asVitrineError, type VitrineError } from '../base/errors.ts'
import { runLockHolder } from '../postgres/lock.ts'
import { type LatestRun, latestRun, recordAttempt } from '../record/attempt.ts'
import { bookkeepingVersion } from '../record/bookkeeping.ts'
import { freshnessOf } from '../record/runs.ts'
import type { SyncReport } from '../run/observer.ts'
import { lastDue } from '../schedule/due.ts'
import { type Dueness, isDue } from '../schedule/dueness.ts'
import type { Call } from './command.ts'
import { type Connections, type Published, publishUnless, tellPublished, type Wish } from './publishing.ts'
import { reading, withSession } from './sessions.ts'

/** What comes before the run of a due time, such as fetching fresh data into the source. What it throws stops the run. */
export type Prepare = (night: {
  readonly due: Date
  /** Whether a run was tried for this due time already. */
  readonly again: boolean
}) => Promise<void>

/** What stands around each run of a due time. */
export interface AroundRuns {
  readonly prepare?: Prepare
  /** Prints what was published; as `sync` does by default. */
  readonly show?: (published: Published) => void
}

export class DueRuns {
  readonly #call: Call
  readonly #connections: Connections
  readonly #wish: Wish
  readonly #around: AroundRuns
  /** The due time that counts, as of the last look. */
  due: Date
  /** As of the last look. */
  latest: LatestRun | null = null
  /** Seconds since the session began that holds the run lock, as of the last look; null when it is free. */
  heldSeconds: number | null = null
  /** The rows of each published table as of the last look. */
  rows: ReadonlyMap<string, number> = new Map()

  /** Throws DEFINITION_INVALID when the schedule cannot be followed. */
  constructor(call: Call, connections: Connections, wish: Wish, around: AroundRuns) {
    const { schedule, zone } = call.publication
    this.#call = call
    this.#connections = connections
    this.#wish = wish
    this.#around = around
    this.due = lastDue(schedule, zone, call.io.clock.now())
  }

  /** Throws VitrineError. */
  look(): Promise<Dueness> {
    const { publication } = this.#call
    return reading(this.#call, 'target', this.#connections.target, async (session) => {
      this.latest = await latestRun(session, publication.schema)
      this.heldSeconds = (await runLockHolder(session, publication.schema))?.age ?? null
      const published = (await bookkeepingVersion(session)) === 0 ? [] : await freshnessOf(session, publication.schema)
      this.rows = new Map(published.map(({ table, rows }) => [table, rows]))
      const found = await isDue(session, publication)
      this.due = found.last
      return found
    })
  }

  /** Null when it is no longer due. Call `look` first. Throws VitrineError. */
  async run(): Promise<SyncReport | null> {
    const { prepare, show = (published) => tellPublished(this.#call, published) } = this.#around
    const { due, latest } = this
    try {
      await prepare?.({ due, again: latest !== null && latest.startedAt >= due })
      const isDone = async (target: Parameters<typeof isDue>[0]) => !(await isDue(target, this.#call.publication)).due
      const published = await publishUnless(this.#call, this.#connections, this.#wish, isDone)
      if (published !== null) show(published)
      return published?.report ?? null
    } catch (thrown) {
      const error = asVitrineError(thrown)
      await this.#record(error)
      throw error
    }
  }

  async #record(error: VitrineError): Promise<void> {
    if (error.code === 'RUN_IN_PROGRESS' || this.#call.signal.aborted) return
    const wish = { side: 'target', address: this.#connections.target, readOnly: false } as const
    // What cannot be recorded, because the target itself is away, is in the log and in the alarm.
    await withSession(this.#call, wish, (session) =>
      recordAttempt(session, this.#call.publication, 'schedule', error, this.latest),
    ).catch(() => undefined)
  }
}
