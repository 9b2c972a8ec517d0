/**
 * Between due times: a publication every few minutes of what changed, as a loop. A night that is due, and whatever else runs, goes
 * first. What waits is told once; what fails is tried again with growing pauses, told when it lasts and when it is over. It never
 * throws; it ends when the signal aborts. Everything it touches is given.
 */
import { asVitrineError, type VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Pause } from '../base/pause.ts'
import type { SyncReport } from '../run/observer.ts'
import { pauseAfter } from './retry-pause.ts'

export type FollowEvent =
  | { readonly kind: 'published'; readonly report: SyncReport }
  /** A night is due, another run is under way, or a large table would be read whole. Told once, until another reason comes. */
  | { readonly kind: 'waiting'; readonly error: VitrineError | null }
  /** `lasts` once: when it is worth an alarm. */
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

/** A failure lasts when as many rounds in a row failed. */
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
    // At least as long as it took: rounds never take more than half of the time.
    const took = monotonicMs() - started
    await pause(Math.max(everyMs - took, took, pauseMs), signal)
  }
}

const reasonOf = ({ code, place, detail, problems }: VitrineError): string =>
  code === 'RUN_IN_PROGRESS' ? code : JSON.stringify([code, place, detail, problems])
