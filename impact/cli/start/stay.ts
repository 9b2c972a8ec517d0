/** Stays up after the first version: publishes whenever a run is due, until the command is interrupted. Called by `start`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from 'vitrine/cli/command'
import { nextDue } from 'vitrine/schedule/due'
import publication from '../../publication/index.ts'

/** A timer of hours is late after the machine slept: the clock is looked at this often. */
const LOOK_MS = 20_000

/**
 * Does `run` at each due time; a failure is told and the next due time tried. `announce` is told each next due time.
 * Returns when the call is interrupted.
 */
export async function stay(call: Call, run: () => Promise<void>, announce: (due: Date) => void): Promise<void> {
  while (!call.signal.aborted) {
    const due = nextDue(publication.schedule, publication.zone, call.io.clock.now())
    announce(due)
    await waitUntil(due, call)
    if (call.signal.aborted) return
    try {
      await run()
    } catch (error) {
      if (!call.signal.aborted) call.tell(error)
    }
  }
}

async function waitUntil(due: Date, { io, signal }: Call): Promise<void> {
  while (!signal.aborted) {
    const left = due.getTime() - io.clock.now().getTime()
    if (left <= 0) return
    // Aborting ends the wait, which is what it is for.
    await sleep(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined)
  }
}
