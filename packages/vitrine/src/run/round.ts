/**
 * Distributes the tables of a run to its streams: each takes one after another, and helps with ranges of others when none is
 * left. If only a stream is lost, it is opened again, and its table is staged again from the same snapshot (decision 0024).
 * Called by `stage.ts`.
 */
import { type ErrorCode, VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { Help } from '../copy/copy.ts'
import { stagedNames } from '../delta/staged-rows.ts'
import { importSnapshot, type Snapshot } from '../postgres/snapshot.ts'
import type { PublishedTable } from '../publication/table.ts'
import { firstCopyOf } from '../version/anonymity.ts'
import { dropRelations } from '../version/staging.ts'
import type { RunObserver } from './observer.ts'
import { holdPlaces, type RangePlans } from './ranges.ts'
import type { Stream } from './run-sessions.ts'

export interface RoundContext {
  readonly target: Target
  readonly staging: string
  readonly snapshot: Snapshot
  readonly ranges: RangePlans
  /** Gives a lost stream new sessions. Throws VitrineError when more than the stream is lost. */
  readonly renew: (stream: Stream) => Promise<void>
  readonly observer: RunObserver
  readonly signal: AbortSignal
}

type Reads = (help: Help | null) => void

/** What all streams share. */
export class Round {
  readonly #queue: PublishedTable[]
  readonly #copied: () => Promise<void>
  readonly #open: Promise<Help | null>[] = []
  #copying: number

  /** `copied` is called once, when the last row of the last table has been read. */
  constructor(tables: readonly PublishedTable[], copied: () => Promise<void>) {
    this.#queue = [...tables]
    this.#copying = tables.length
    this.#copied = copied
  }

  take(): PublishedTable | undefined {
    return this.#queue.shift()
  }

  /** Whether every table has been taken. */
  get isTaken(): boolean {
    return this.#queue.length === 0
  }

  /** Announces a table that is read by ranges. Call the result with how others may help; with null when they no longer can. */
  announce(): Reads {
    let tell: Reads = () => undefined
    this.#open.push(
      new Promise((resolve) => {
        tell = resolve
      }),
    )
    return tell
  }

  /** Reads ranges of announced tables until none is left. Returns false when the stream was lost: the copy reports that failure. */
  async help({ source }: Stream): Promise<boolean> {
    for (const offer of this.#open) {
      const help = await offer
      if (help === null) continue
      const lived = await help(source.client).then(
        () => true,
        () => false,
      )
      if (!lived) return false
    }
    return true
  }

  async read(): Promise<void> {
    this.#copying -= 1
    if (this.#copying === 0) await this.#copied()
  }

  /** Takes back `read`: the rows were lost. */
  unread(): void {
    this.#copying += 1
  }
}

const LOST: readonly ErrorCode[] = ['CONNECTION_LOST', 'CONNECTION_SILENT']

/** One stream in a round. It stays in the snapshot until nothing is left to read; for carried tables it needs no snapshot. */
export class RoundStream {
  readonly #round: Round
  readonly #stream: Stream
  readonly #context: RoundContext
  readonly #carried: boolean
  #leaving: Promise<void> | null = null
  #hasRead = false

  constructor(round: Round, stream: Stream, context: RoundContext, carried: boolean) {
    this.#round = round
    this.#stream = stream
    this.#context = context
    this.#carried = carried
  }

  async join(): Promise<void> {
    const { snapshot, ranges, target } = this.#context
    if (this.#carried) return
    await importSnapshot(this.#stream.source, snapshot)
    await holdPlaces(this.#stream.source, target.publication.source, ranges)
  }

  /** The last row of the present table has been read. */
  async read(): Promise<void> {
    this.#hasRead = true
    // Leave now: building keys must not wait for the reads of other streams.
    if (this.#round.isTaken) this.leave().catch(() => undefined)
    await this.#round.read()
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  async #leave(): Promise<void> {
    if (!this.#carried && (await this.#round.help(this.#stream))) await this.#stream.source.execute('commit')
  }

  /** Stages a table; if only the stream is lost, again up to the limit. */
  async stage<T>(
    table: PublishedTable,
    attempt: (reads: Reads) => Promise<T>,
    complete: () => readonly string[],
  ): Promise<T> {
    const { target, ranges, observer } = this.#context
    const { tableTries } = target.publication.limits
    for (let tries = 1; ; tries++) {
      const reads: Reads = ranges.has(table.name) ? this.#round.announce() : () => undefined
      this.#hasRead = false
      try {
        return await attempt(reads).finally(() => reads(null))
      } catch (error) {
        const isLost = error instanceof VitrineError && LOST.includes(error.code)
        if (!isLost || tries >= tableTries || !(await this.#renew(table.name))) throw error
        const kept = complete()
        const stay =
          kept.length === 0 ? 'no table was complete before' : `complete before, and kept: ${kept.join(', ')}`
        const text = `${table.name} is read again, at the same instant, because its connection was lost (${error.code}, ${error.place}); ${stay}`
        observer({ kind: 'notice', text })
      }
    }
  }

  /** Whether the stream could be opened again in the same snapshot, with nothing left of the table. */
  async #renew(table: string): Promise<boolean> {
    const { renew, signal, staging, target } = this.#context
    if (this.#carried || signal.aborted) return false
    // Before any await, so that the snapshot is not released in between.
    if (this.#hasRead) this.#round.unread()
    await this.#leaving?.catch(() => undefined)
    try {
      await renew(this.#stream)
      await this.join()
      // The commit may have succeeded although its answer was lost.
      const left = [table, firstCopyOf(table), ...stagedNames(table)]
      await dropRelations({ ...target, session: this.#stream.target }, staging, ({ name }) => left.includes(name))
    } catch {
      return false
    }
    this.#leaving = null
    return true
  }
}
