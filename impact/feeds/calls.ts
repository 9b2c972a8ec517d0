/**
 * How a feed asks its source: no faster than agreed, again when that can help, and not at all while the source asks to wait.
 * Pacing and retrying are those of the libraries p-queue and p-retry. Called by both feeds, one `Calls` for each run.
 */
import { setTimeout as wait } from 'node:timers/promises'
import PQueue from 'p-queue'
import pRetry from 'p-retry'
import { FeedError } from './feed-error.ts'
import { NoAnswer } from './http.ts'
import type { CommonSettings } from './options.ts'
import { RAISONS_APPEL, type RaisonAppel } from './raisons.ts'

type CallSettings = Pick<CommonSettings, 'tries' | 'backoffMs' | 'backoffMaxMs' | 'retryAfterMaxMs'>

export class Calls {
  /** Calls so far, retries included. */
  count = 0
  readonly #settings: CallSettings
  readonly #signal: AbortSignal
  readonly #queue: PQueue
  #pauses = 0

  constructor(settings: CallSettings, perSecond: number, signal: AbortSignal) {
    this.#settings = settings
    this.#signal = signal
    this.#queue = new PQueue({ intervalCap: 1, interval: 1000 / perSecond, strict: true })
  }

  /**
   * Between two tries passes half to the whole of a wait that doubles each time: parallel calls do not come back together.
   * Throws the last `NoAnswer` when no try succeeded, `FEED_UNAVAILABLE` when the source asks for too long a wait, the
   * signal's reason when it is aborted, and anything else at once.
   */
  ask<T>(attempt: () => Promise<T>): Promise<T> {
    const { tries, backoffMs, backoffMaxMs } = this.#settings
    return pRetry(
      async () => {
        await this.#turn()
        return attempt()
      },
      {
        signal: this.#signal,
        retries: tries - 1,
        // A factor between 1 and 2 is drawn for each wait.
        minTimeout: backoffMs / 2,
        maxTimeout: backoffMaxMs,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof NoAnswer && RAISONS_APPEL[error.raison].retry,
        onFailedAttempt: ({ error }) => {
          if (error instanceof NoAnswer && error.waitMs !== null) this.#holdBack(error.raison, error.waitMs)
        },
      },
    )
  }

  #turn(): Promise<void> {
    const begin = () => {
      this.count += 1
    }
    return this.#queue.add(begin, { signal: this.#signal })
  }

  /** A source that asks for a longer wait than a night allows is left alone, instead of being asked about the next company. */
  #holdBack(raison: RaisonAppel, waitMs: number): void {
    if (waitMs > this.#settings.retryAfterMaxMs) {
      const detail = `${raison}, asks to wait ${Math.ceil(waitMs / 1000)} s`
      throw new FeedError('FEED_UNAVAILABLE', { detail, raison })
    }
    this.#queue.pause()
    this.#pauses += 1
    const resume = () => {
      this.#pauses -= 1
      if (this.#pauses === 0) this.#queue.start()
    }
    wait(waitMs, undefined, { signal: this.#signal }).then(resume, resume)
  }
}
