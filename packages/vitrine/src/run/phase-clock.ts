/** The phases of one run: each is told and recorded as it begins, and its time is counted. Called by `sync.ts` and `rollback.ts`. */
import type { Session } from '../postgres/connect.ts'
import { enterPhase, type Phase } from '../record/runs.ts'
import type { RunObserver } from './observer.ts'

export class PhaseClock {
  readonly #control: Session
  readonly #run: number
  readonly #observer: RunObserver
  readonly #milliseconds: Partial<Record<Phase, number>> = {}
  #phase: Phase = 'check'
  #since = performance.now()

  constructor(control: Session, run: number, observer: RunObserver) {
    this.#control = control
    this.#run = run
    this.#observer = observer
  }

  /** The present one, recorded or not: a failure may prevent just that. */
  get phase(): Phase {
    return this.#phase
  }

  async enter(phase: Phase): Promise<void> {
    this.times()
    this.#phase = phase
    this.#observer({ kind: 'phase', phase })
    await enterPhase(this.#control, this.#run, phase)
  }

  /** Milliseconds of each phase so far, the present one included. */
  times(): Readonly<Partial<Record<Phase, number>>> {
    const now = performance.now()
    this.#milliseconds[this.#phase] = Math.round((this.#milliseconds[this.#phase] ?? 0) + now - this.#since)
    this.#since = now
    return this.#milliseconds
  }
}
