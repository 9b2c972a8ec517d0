/**
 * Whether a run is due, from the bookkeeping: it is, when no published one has started since the last due time. Asked under
 * the run lock, each due time gets exactly one run, whatever starts it: a loop, a platform's cron, two machines.
 */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { lastWholeStart } from '../record/run-facts.ts'
import { DueTimes, nextDue } from './due.ts'

export interface Dueness {
  readonly due: boolean
  /** The due time that counts, and the one after it. */
  readonly last: Date
  readonly next: Date
  /** The instant for which this holds, by the target's clock. */
  readonly now: Date
  /** The start of the last run that published all tables, or null. */
  readonly started: Date | null
}

/**
 * Pure: from the start of the last published run. A start after the due time that follows the next was written by a clock
 * that has been set back since: it does not count, or nothing would be due until the clock is there again. A start a little
 * ahead does: the correction of a clock by minutes must not publish twice.
 */
export function duenessAt(times: DueTimes, started: Date | null, now: Date): Dueness {
  const { last, next } = times.around(now)
  const done =
    started !== null && started >= last && (started < next || started < nextDue(times.pattern, times.zone, next))
  return { due: !done, last, next, now, started }
}

/**
 * Asks the target. Its clock decides, unless `now` is given: that clock also dates the runs, so machines that disagree about
 * the time still agree about what is due. Throws VitrineError.
 */
export async function isDue(target: Session, publication: Publication, now?: Date): Promise<Dueness> {
  const [clock] = await target.query<{ now: Date }>('select clock_timestamp() as now')
  const started = await lastWholeStart(target, publication.schema)
  // sound because a select without a table returns one row.
  return duenessAt(new DueTimes(publication.schedule, publication.zone), started, now ?? (clock as { now: Date }).now)
}
