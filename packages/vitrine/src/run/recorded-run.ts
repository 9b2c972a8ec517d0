/**
 * What runs and rollbacks share: one at a time, a record of phases, an interrupt that stops them in good
 * order, and a clean end after any failure. `sync.ts` and `rollback.ts` provide the steps.
 */
import { asVitrineError, interruptOf, type VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { takeRunLock } from '../postgres/lock.ts'
import { beginRun, enterPhase, failRun, type Phase, type TableOutcome, type Trigger } from '../record/runs.ts'
import { dropStaging } from '../version/staging.ts'
import { dropUnkept } from '../version/switch.ts'
import type { RunObserver } from './observer.ts'
import type { RunSessions } from './run-sessions.ts'
import { settled } from './take-over.ts'

export type PhaseTimes = Readonly<Partial<Record<Phase, number>>>

export interface RunFacts {
  readonly target: Target
  readonly sessions: RunSessions
  readonly trigger: Trigger
  readonly observer: RunObserver
  readonly signal: AbortSignal
}

/** A run under way. `Report` is what it returns. */
export class RecordedRun<Report> {
  readonly id: number
  readonly #facts: RunFacts
  readonly #milliseconds: Partial<Record<Phase, number>> = {}
  #phase: Phase = 'check'
  #since = performance.now()
  /** Whether the target may hold a staging schema of this run. */
  staged = false
  /** The report to use if the current switch succeeded but its answer was lost; null before the switch. */
  switching: Report | null = null

  constructor(id: number, facts: RunFacts) {
    this.id = id
    this.#facts = facts
  }

  notice(text: string): void {
    this.#facts.observer({ kind: 'notice', text })
  }

  /** Begins a phase. Throws INTERRUPTED when interrupted before the switch. */
  async enter(phase: Phase): Promise<void> {
    const { signal, observer, target } = this.#facts
    if (signal.aborted && phase !== 'describe' && phase !== 'record') throw interruptOf(signal)
    this.times()
    this.#phase = phase
    observer({ kind: 'phase', phase })
    await enterPhase(target.session, this.id, phase)
  }

  /** Milliseconds of each phase so far, the present one included. */
  times(): PhaseTimes {
    const now = performance.now()
    this.#milliseconds[this.#phase] = Math.round((this.#milliseconds[this.#phase] ?? 0) + now - this.#since)
    this.#since = now
    return this.#milliseconds
  }

  /** After the switch the run cannot fail: errors are reported, and the next run completes the record. */
  async afterwards(outcomes: readonly TableOutcome[], work: () => Promise<readonly TableOutcome[]>) {
    try {
      return await work()
    } catch (error) {
      const { code } = asVitrineError(error)
      this.notice(`published, but the record of the run could not be completed (${code}); the next run closes it`)
      return outcomes
    }
  }

  /** Ends the record of a run that failed. Returns whether it had published all the same. */
  async fail(target: Target, error: VitrineError): Promise<boolean> {
    try {
      // The lost session held the lock: the staging schema may already belong to another run.
      if (target.session !== this.#facts.target.session) await takeRunLock(target.session, target.publication.schema)
      if (this.staged) await dropStaging(target)
    } catch {
      // The next run will remove it.
    }
    const published = await failRun(target.session, this.id, this.#phase, error).catch(() => false)
    if (published) await dropUnkept(target).catch(() => undefined)
    return published
  }
}

export interface Steps<Report> {
  readonly perform: (run: RecordedRun<Report>) => Promise<Report>
  /** Holds the snapshot of the source, where there is one. */
  readonly coordinator: Session | null
  /** Rejects when the run must end. */
  readonly expired: Promise<never>
  /** Called after a failure, when all other sessions have ended; `null` when the target cannot be reached. */
  readonly abandoned: (target: Target | null, run: number) => Promise<void>
}

/** Performs the steps as a recorded run. The caller holds the run lock. Throws VitrineError: the previous version is then served. */
export async function performRun<Report>(facts: RunFacts, steps: Steps<Report>): Promise<Report> {
  const { target, sessions, signal } = facts
  const run = new RecordedRun<Report>(await beginRun(target, facts.trigger), facts)
  const interrupted = interruption(signal, () => run.switching === null)
  facts.observer({ kind: 'phase', phase: 'check' })
  const work = steps.perform(run)
  try {
    return await Promise.race([work, interrupted.happened, steps.expired])
  } catch (thrown) {
    const error = signal.aborted ? interruptOf(signal, thrown) : asVitrineError(thrown)
    const leading = await sessions.abandon(target.session, steps.coordinator)
    // An interrupted step may still be creating the staging schema through the leading session.
    await settled(work)
    const reached = leading === null ? null : { ...target, session: leading }
    const published = reached !== null && (await run.fail(reached, error))
    await steps.abandoned(reached, run.id)
    if (!published || run.switching === null) throw error
    run.notice(`published, but not described (${error.code})`)
    return run.switching
  } finally {
    interrupted.forget()
  }
}

/** The interrupt of one run. A schedule shares one signal among its runs, so the listener must be removed. */
function interruption(signal: AbortSignal, mayStop: () => boolean) {
  const listening = new AbortController()
  const happened = new Promise<never>((_, reject) => {
    const stop = () => {
      if (mayStop()) reject(interruptOf(signal))
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true, signal: listening.signal })
  })
  return { happened, forget: () => listening.abort() }
}
