/**
 * The schedule as a loop: waits until a run is due, runs it, retries if that can help, and reports when nothing was published in
 * time. Clock, pause, target and run are parameters, so that tests can simulate twenty years. It never
 * throws; it ends when the signal aborts. `schedule` and the demonstration run it.
 */
import type { Clock } from '../base/clock.ts'
import { asVitrineError, type VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Pause } from '../base/pause.ts'
import type { SyncReport } from '../run/observer.ts'
import type { DueAround } from './due.ts'
import type { Dueness } from './dueness.ts'
import { pauseAfter } from './retry-pause.ts'

export type ScheduleEvent =
  | { readonly kind: 'waiting'; readonly next: Date }
  | { readonly kind: 'published'; readonly due: Date; readonly report: SyncReport }
  /** Another process has published meanwhile. */
  | { readonly kind: 'no longer due'; readonly due: Date }
  /** Another run holds the lock; reported once per due time. */
  | { readonly kind: 'busy'; readonly error: VitrineError }
  /** `pauseMs` is null when this due time is given up. */
  | {
      readonly kind: 'failed'
      readonly due: Date
      readonly error: VitrineError
      readonly tries: number
      readonly pauseMs: number | null
    }
  /** Something is wrong with the version that is published, or beside it. */
  | { readonly kind: 'unwell'; readonly due: Date; readonly error: VitrineError }
  | { readonly kind: 'stale'; readonly due: Date; readonly tries: number; readonly error: VitrineError | null }

/** `Found`: what is read from the target before a run. */
export interface SchedulePorts<Found extends Dueness = Dueness> {
  readonly around: (at: Date) => DueAround
  readonly limits: Limits
  readonly clock: Clock
  /** From 0 to 1. */
  readonly chance: () => number
  readonly pause: Pause
  /** The clock is checked this often, because a long timer is late after the machine slept. */
  readonly sliceMs: number
  /** The target is asked again this often: its clock may be set, and another process may publish. */
  readonly lookMs: number
  readonly look: () => Promise<Found>
  /** The error for what readers miss. */
  readonly unwell: (found: Found) => VitrineError
  /** Runs unless it is no longer due under the lock: then null. */
  readonly run: (found: Found) => Promise<SyncReport | null>
  readonly tell: (event: ScheduleEvent) => Promise<void>
}

export async function keepPublishing<Found extends Dueness>(
  ports: SchedulePorts<Found>,
  signal: AbortSignal,
): Promise<void> {
  const loop = new Loop(ports, signal)
  await Promise.all([loop.run(), loop.watch()])
}

/** A due time without a publication. */
interface Owed {
  readonly since: Date
  /** By our own clock. */
  readonly seen: number
  tries: number
  waits: number
  error: VitrineError | null
  /** Why there are no more tries: the target cannot be read, or the run cannot succeed. */
  givenUp: 'look' | 'run' | null
  toldStale: boolean
}

class Loop<Found extends Dueness> {
  readonly #ports: SchedulePorts<Found>
  readonly #signal: AbortSignal
  #owed: Owed | null = null
  /** The last answer of the target, and how far our clock was ahead of its clock. */
  #known: { readonly next: Date; readonly aheadMs: number } | null = null
  #announced = Number.NaN
  /** The due time for which it was told that readers miss something. */
  #toldMissing = Number.NaN

  constructor(ports: SchedulePorts<Found>, signal: AbortSignal) {
    this.#ports = ports
    this.#signal = signal
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) await this.#turn()
  }

  /** Runs beside the loop, because a run may hang. One alarm per due time. */
  async watch(): Promise<void> {
    const { limits, clock, pause, sliceMs, tell } = this.#ports
    const tolerance = limits.staleAfterMinutes * 60_000
    while (!this.#signal.aborted) {
      const owed = this.#owed
      // If a due time is already late at the start, the alarm waits until the first try has failed or lasts too long.
      const tried = owed !== null && (owed.tries > 0 || clock.now().getTime() - owed.seen >= tolerance)
      if (owed !== null && tried && !owed.toldStale && this.#now() - owed.since.getTime() >= tolerance) {
        owed.toldStale = true
        await tell({ kind: 'stale', due: owed.since, tries: owed.tries, error: owed.error })
      }
      await pause(sliceMs, this.#signal)
    }
  }

  async #turn(): Promise<void> {
    let found: Found
    try {
      found = await this.#ports.look()
    } catch (error) {
      return this.#unanswered(asVitrineError(error))
    }
    this.#known = { next: found.next, aheadMs: this.#ports.clock.now().getTime() - found.now.getTime() }
    await this.#tellMissing(found)
    if (!found.due) {
      this.#owed = null
      return this.#rest(found.next)
    }
    const owed = this.#owe(found.last)
    if (owed.givenUp === 'run') return this.#rest(found.next)
    if (owed.givenUp === 'look') Object.assign(owed, { givenUp: null, tries: 0 })
    await this.#try(owed, found)
  }

  async #tellMissing(found: Found): Promise<void> {
    const { last, missing } = found
    const told = this.#toldMissing
    this.#toldMissing = missing.length === 0 ? Number.NaN : last.getTime()
    if (missing.length === 0 || told === last.getTime()) return
    await this.#ports.tell({ kind: 'unwell', due: last, error: this.#ports.unwell(found) })
  }

  async #try(owed: Owed, found: Found): Promise<void> {
    const { run, tell } = this.#ports
    try {
      const report = await run(found)
      this.#owed = null
      await tell(
        report === null ? { kind: 'no longer due', due: owed.since } : { kind: 'published', due: owed.since, report },
      )
    } catch (error) {
      await this.#failed(owed, asVitrineError(error), 'run')
    }
  }

  /** The target does not answer: that matters once something is due, by our own clock if it never answered. */
  async #unanswered(error: VitrineError): Promise<void> {
    const now = this.#now()
    if (this.#owed === null && this.#known !== null && now < this.#known.next.getTime()) {
      return this.#rest(this.#known.next)
    }
    const { last, next } = this.#ports.around(new Date(now))
    const owed = this.#owe(last)
    if (owed.givenUp !== null) return this.#rest(next)
    await this.#failed(owed, error, 'look')
  }

  async #failed(owed: Owed, error: VitrineError, step: 'look' | 'run'): Promise<void> {
    if (this.#signal.aborted) return
    const { limits, chance, tell } = this.#ports
    if (error.code === 'RUN_IN_PROGRESS') {
      // Not a failure: the other run may publish what is due. If it hangs, `watch` raises the alarm.
      owed.waits++
      if (owed.waits === 1) await tell({ kind: 'busy', error })
      return this.#sleep(pauseAfter(owed.waits, limits, chance()))
    }
    owed.tries++
    owed.error = error
    const again = error.kind.retry && owed.tries < limits.retryTries
    const pauseMs = again ? pauseAfter(owed.tries, limits, chance()) : null
    if (!again) owed.givenUp = step
    await tell({ kind: 'failed', due: owed.since, error, tries: owed.tries, pauseMs })
    if (pauseMs !== null) await this.#sleep(pauseMs)
  }

  /** The account of a due time; a new one when it is another than before. */
  #owe(since: Date): Owed {
    if (this.#owed?.since.getTime() === since.getTime()) return this.#owed
    const seen = this.#ports.clock.now().getTime()
    this.#owed = { since, seen, tries: 0, waits: 0, error: null, givenUp: null, toldStale: false }
    return this.#owed
  }

  /** The target's time as far as we know it. */
  #now(): number {
    return this.#ports.clock.now().getTime() - (this.#known?.aheadMs ?? 0)
  }

  /** Waits until `next` by the target's time, or until it is worth asking the target again. */
  async #rest(next: Date): Promise<void> {
    const { lookMs, tell } = this.#ports
    if (this.#announced !== next.getTime()) {
      this.#announced = next.getTime()
      await tell({ kind: 'waiting', next })
    }
    await this.#sleep(lookMs, () => next.getTime() - this.#now())
  }

  /** Sleeps in slices, and no longer than `left` returns. Counts the time slept, because clocks may be changed meanwhile. */
  async #sleep(milliseconds: number, left = () => Number.POSITIVE_INFINITY): Promise<void> {
    const { pause, sliceMs } = this.#ports
    for (let slept = 0; !this.#signal.aborted && slept < milliseconds; ) {
      const slice = Math.min(left(), milliseconds - slept, sliceMs)
      if (slice <= 0) return
      await pause(slice, this.#signal)
      slept += slice
    }
  }
}
