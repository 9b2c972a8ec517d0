/**
 * How a feed calls its source: within a rate limit, with retries where they can help, and not at all while the source asks to wait.
 * Uses the libraries p-queue and p-retry. Called by both feeds, one `Calls` per run.
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
  /** Number of calls so far, including retries. */
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
   * Calls `attempt` until it succeeds. The wait doubles after each try, and is random (half to whole), so that parallel calls do not
   * return together. Throws the last `NoAnswer` when no try succeeded, `FEED_UNAVAILABLE` when the source asks for a too long
   * wait, the signal's reason when it is aborted, and any other error at once.
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
        // p-retry multiplies each wait by a random factor between 1 and 2.
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

  /** Pauses all calls for `waitMs`. For a longer wait than a night allows, gives up instead of asking about the next company. */
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
