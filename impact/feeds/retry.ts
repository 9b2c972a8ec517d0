/**
 * Asks again when that can help: each try waits for its turn, a Retry-After holds back every call of the feed, any other
 * failure waits twice as long each time, with chance so that parallel calls do not come back together. Called by both feeds.
 */
import { FeedError } from './feed-error.ts'
import { NoAnswer } from './http.ts'
import type { CommonSettings } from './options.ts'
import { type Pace, sleep } from './pace.ts'
import { RAISONS_APPEL } from './raisons.ts'

export interface RetryContext {
  readonly settings: Pick<CommonSettings, 'tries' | 'backoffMs' | 'backoffMaxMs' | 'retryAfterMaxMs'>
  readonly pace: Pace
  readonly signal: AbortSignal
  /** From 0 to 1. */
  readonly random: () => number
  /** Told before each call, the first included. */
  readonly onCall: () => void
}

/** Throws the last `NoAnswer` when no try succeeded, `FEED_UNAVAILABLE` when the source asks for too long a wait, and anything else at once. */
export async function withRetries<T>(context: RetryContext, attempt: () => Promise<T>): Promise<T> {
  const { settings, pace, signal } = context
  for (let tried = 1; ; tried += 1) {
    await pace.turn(signal)
    context.onCall()
    try {
      return await attempt()
    } catch (thrown) {
      if (!(thrown instanceof NoAnswer) || !RAISONS_APPEL[thrown.raison].retry) throw thrown
      const last = tried >= settings.tries
      if (thrown.waitMs !== null) holdBack(context, thrown)
      if (last) throw thrown
      if (thrown.waitMs === null) await sleep(backoffMs(tried, settings, context.random()), signal)
    }
  }
}

/** A source that asks to wait longer than a night's work allows is left alone, instead of being asked about the next company. */
function holdBack({ settings, pace }: RetryContext, { raison, waitMs }: NoAnswer): void {
  const wait = waitMs ?? 0
  if (wait > settings.retryAfterMaxMs) {
    throw new FeedError('FEED_UNAVAILABLE', { detail: `${raison}, asks to wait ${Math.ceil(wait / 1000)} s`, raison })
  }
  pace.pause(wait)
}

/** Between half and the whole of the doubled wait. */
export function backoffMs(
  tried: number,
  { backoffMs: first, backoffMaxMs }: Pick<CommonSettings, 'backoffMs' | 'backoffMaxMs'>,
  chance: number,
): number {
  return Math.min(backoffMaxMs, first * 2 ** (tried - 1)) * (0.5 + chance / 2)
}
