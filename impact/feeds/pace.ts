/**
 * The politeness of a feed: one place hands out turns, so many a second whatever the number of parallel calls, and holds
 * all of them back when the source asks for it. Also the wait that can be interrupted. Called by `retry.ts`.
 */
import type { Clock } from 'vitrine/run'
import { FeedError } from './feed-error.ts'

export class Pace {
  readonly #intervalMs: number
  readonly #clock: Clock
  /** When the next turn may begin, in the clock's monotonic milliseconds. */
  #next = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY

  constructor(perSecond: number, clock: Clock) {
    this.#intervalMs = 1000 / perSecond
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn. Throws `FEED_INTERRUPTED`. */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#clock.monotonicMs()
      const at = Math.max(now, this.#next)
      this.#next = at + this.#intervalMs
      await sleep(at - now, signal)
      // A pause that was asked for meanwhile holds back those who had their turn promised, too.
      if (this.#pausedUntil <= this.#clock.monotonicMs()) return
    }
  }

  /** Nobody gets a turn for so long. */
  pause(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonicMs() + milliseconds)
    this.#next = Math.max(this.#next, this.#pausedUntil)
  }
}

/** Throws `FEED_INTERRUPTED` as soon as the signal is aborted. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new FeedError('FEED_INTERRUPTED')
  if (milliseconds <= 0) return
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(new FeedError('FEED_INTERRUPTED'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', stop, { once: true })
  })
}
