/** A world whose time only passes when everybody sleeps: the schedule's loop runs through years of it in seconds. */
import { setImmediate as settle } from 'node:timers/promises'
import { VitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.ts'
import type { Pause } from '../../src/base/pause.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { type DueAround, dueAround, nextDue } from '../../src/schedule/due.ts'
import { duenessAt } from '../../src/schedule/dueness.ts'
import { keepPublishing, type ScheduleEvent, type SchedulePorts } from '../../src/schedule/loop.ts'

export const MIDNIGHT = '0 0 * * *'
export const PARIS = 'Europe/Paris'
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

interface Sleeper {
  at: number
  readonly wake: () => void
}

/** One machine that runs the schedule, until it is stopped. */
export interface Machine {
  readonly events: ScheduleEvent[]
  stop(): Promise<void>
}

export interface MachineOptions extends Partial<SchedulePorts> {
  /** How far its clock is ahead of the true time. */
  readonly aheadMs?: () => number
  readonly limits?: Limits
}

/** Of a run that published no table. */
export const REPORT: SyncReport = {
  run: 1,
  tables: [],
  newDrift: [],
  phases: {},
  dataOf: new Date(0),
  switchWay: 'rename',
  switchTries: 1,
  switchHeld: true,
  switchMilliseconds: 1,
  snapshotMilliseconds: 0,
  dryRun: false,
}

export class World {
  time: number
  /** Starts of the runs that published, by the target's clock. */
  readonly published: Date[] = []
  /** How far the target's clock is ahead of the true time. */
  targetAheadMs = 0
  runMs = 3 * MINUTE
  /** What the next runs fail with; null lets one succeed. */
  failures: (VitrineError | null)[] = []
  /** What the target answers instead, when it is away. */
  away: VitrineError | null = null
  #locked = false
  #sleepers: Sleeper[] = []
  /** Of the schedule. A search takes a millisecond, and years have many looks: the last answer is kept. */
  readonly around: (at: Date) => DueAround

  constructor(start: string, pattern = MIDNIGHT, zone = PARIS) {
    this.time = Date.parse(start)
    let known: DueAround | null = null
    this.around = (at) => {
      if (known !== null && at >= known.next) {
        const next = nextDue(pattern, zone, known.next)
        known = at < next ? { last: known.next, next } : null
      }
      if (known === null || at < known.last) known = dueAround({ schedule: pattern, zone }, at)
      return known
    }
  }

  pause: Pause = (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const end = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const sleeper: Sleeper = { at: this.time + milliseconds, wake: end }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', end)
    })

  /** Lets time pass. */
  async until(end: number | string): Promise<void> {
    const last = typeof end === 'string' ? Date.parse(end) : end
    for (;;) {
      await settle()
      const first = this.#sleepers.reduce<Sleeper | null>((a, b) => (a === null || b.at < a.at ? b : a), null)
      if (first === null || first.at > last) break
      this.time = Math.max(this.time, first.at)
      first.wake()
    }
    this.time = last
  }

  /** The machine sleeps as a whole: time passes, and its timers know nothing of it. */
  suspend(milliseconds: number): void {
    this.time += milliseconds
    for (const sleeper of this.#sleepers) sleeper.at += milliseconds
  }

  start({ aheadMs = () => 0, ...options }: MachineOptions = {}): Machine {
    const abort = new AbortController()
    const events: ScheduleEvent[] = []
    const dueness = () => {
      if (this.away !== null) throw this.away
      return duenessAt(this.around, this.published.at(-1) ?? null, this.#targetNow())
    }
    const ports: SchedulePorts = {
      around: this.around,
      limits: DEFAULT_LIMITS,
      clock: { now: () => new Date(this.time + aheadMs()), monotonicMs: () => this.time },
      chance: () => 1,
      pause: this.pause,
      sliceMs: MINUTE,
      lookMs: 15 * MINUTE,
      look: async () => dueness(),
      unwell: () => new VitrineError('VERSION_MISSING'),
      run: () => this.#run(() => dueness().due, abort.signal),
      tell: async (event) => void events.push(event),
      ...options,
    }
    const ended = keepPublishing(ports, abort.signal)
    const stop = async () => {
      abort.abort()
      await ended
    }
    return { events, stop }
  }

  #targetNow(): Date {
    return new Date(this.time + this.targetAheadMs)
  }

  async #run(isStillDue: () => boolean, signal: AbortSignal): Promise<SyncReport | null> {
    if (this.#locked) throw new VitrineError('RUN_IN_PROGRESS')
    this.#locked = true
    try {
      if (!isStillDue()) return null
      const started = this.#targetNow()
      const failure = this.failures.shift() ?? null
      await this.pause(this.runMs, signal)
      if (signal.aborted) throw new VitrineError('INTERRUPTED')
      if (failure !== null) throw failure
      this.published.push(started)
      return REPORT
    } finally {
      this.#locked = false
    }
  }
}
