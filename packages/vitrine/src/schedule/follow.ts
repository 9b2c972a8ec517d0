/**
 * Publishes changes every few minutes between due times, as a loop. A run that is due, and any other run, goes
 * first. Waiting is reported once. Failures are retried with growing pauses, and reported when they last and when they end. It never
 * throws; it ends when the signal aborts. Clock, pause and work are parameters.
 */
import { asVitrineError, type VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Pause } from '../base/pause.ts'
import type { SyncReport } from '../run/observer.ts'
import { pauseAfter } from './retry-pause.ts'

export type FollowEvent =
  | { readonly kind: 'published'; readonly report: SyncReport }
  /** A run is due, another run is active, or a large table would be read whole. Reported once per reason. */
  | { readonly kind: 'waiting'; readonly error: VitrineError | null }
  /** `lasts` is true once, when an alarm is due. */
  | { readonly kind: 'failed'; readonly error: VitrineError; readonly pauseMs: number; readonly lasts: boolean }
  /** After a failure that lasted. */
  | { readonly kind: 'recovered' }

export interface FollowPorts {
  /** From the start of a round to the start of the next. */
  readonly everyMs: number
  readonly limits: Limits
  /** From 0 to 1. */
  readonly chance: () => number
  readonly pause: Pause
  readonly monotonicMs: () => number
  /** Null where a night is due. */
  readonly round: () => Promise<SyncReport | null>
  readonly tell: (event: FollowEvent) => Promise<void>
}

/** A failure lasts when so many rounds have failed in a row. */
export const LASTING_FAILURES = 3

export async function keepFollowing(ports: FollowPorts, signal: AbortSignal): Promise<void> {
  const { everyMs, limits, chance, pause, monotonicMs, round, tell } = ports
  let [failures, waitsFor] = [0, null as string | null]
  while (!signal.aborted) {
    const started = monotonicMs()
    let pauseMs = 0
    try {
      const report = await round()
      if (failures >= LASTING_FAILURES) await tell({ kind: 'recovered' })
      failures = 0
      if (report !== null) await tell({ kind: 'published', report })
      else if (waitsFor !== 'night') await tell({ kind: 'waiting', error: null })
      waitsFor = report === null ? 'night' : null
    } catch (thrown) {
      const error = asVitrineError(thrown)
      if (signal.aborted) return
      if (error.code === 'FOLLOW_WAITS' || error.code === 'RUN_IN_PROGRESS') {
        if (waitsFor !== reasonOf(error)) await tell({ kind: 'waiting', error })
        waitsFor = reasonOf(error)
      } else {
        failures += 1
        pauseMs = pauseAfter(failures, limits, chance())
        await tell({ kind: 'failed', error, pauseMs: Math.max(pauseMs, everyMs), lasts: failures === LASTING_FAILURES })
      }
    }
    // Pause at least as long as the round took, so that rounds take at most half of the time.
    const took = monotonicMs() - started
    await pause(Math.max(everyMs - took, took, pauseMs), signal)
  }
}

const reasonOf = ({ code, place, detail, problems }: VitrineError): string =>
  code === 'RUN_IN_PROGRESS' ? code : JSON.stringify([code, place, detail, problems])
