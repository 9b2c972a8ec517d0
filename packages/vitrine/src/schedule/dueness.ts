/**
 * Whether a run is due, from the bookkeeping: it is, when no published one has started since the last due time. Asked under
 * the run lock this gives each due time exactly one run, whatever starts them: a loop, a platform's cron, two machines.
 */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
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
  const started = await lastStart(target, publication.schema)
  // sound because a select without a table gives one row.
  return duenessAt(new DueTimes(publication.schedule, publication.zone), started, now ?? (clock as { now: Date }).now)
}

/**
 * When the last run that published every table started; null when none did or when what it published has been dropped.
 * The last is the one with the highest number: numbers go up even when a clock goes back. A run of some tables only does
 * not count, nor does a rollback: what it takes back was the run of its due time, and would be published again at once.
 */
async function lastStart(target: Session, schema: string): Promise<Date | null> {
  // Without it, or in an older layout, the run itself says that the target must be migrated.
  if (!(await bookkeepingIsCurrent(target))) return null
  const [run] = await target.query<{ started: Date }>(
    `select r.started_at as started
     from vitrine.run r
     where r.schema_name = $1 and r.published_at is not null and r.whole and r.trigger <> 'rollback'
       and exists (select from vitrine.freshness f where f.schema_name = $1)
     order by r.id desc limit 1`,
    [schema],
  )
  return run?.started ?? null
}
