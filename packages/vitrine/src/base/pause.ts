/** The one way to wait. */
import { setTimeout as timer } from 'node:timers/promises'

export type Pause = (milliseconds: number, signal?: AbortSignal) => Promise<void>

/** Waits so many milliseconds, or until the signal aborts. Never rejects. */
export const pause: Pause = (milliseconds, signal) =>
  timer(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
