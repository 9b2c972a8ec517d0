/**
 * Whether a run is due: it is, when no published one has started since the last due time, or when readers miss what a run
 * brings back. Asked under the run lock, each due time gets exactly one run, whatever starts it: a loop, a platform's cron,
 * two machines.
 */
import type { Missing } from '../catalogue/reader-sight.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { lastWholeStart, targetNow } from '../record/run-facts.ts'
import { missingOfVersion } from '../record/sight.ts'
import { type DueAround, dueAround } from './due.ts'

/** The due time that counts, the one after it, and whether a run is due. */
export interface Dueness extends DueAround {
  readonly due: boolean
  /** The instant for which this holds, by the target's clock. */
  readonly now: Date
  /** What readers miss of the published version. */
  readonly missing: readonly Missing[]
}

/**
 * Pure. A recorded start later than the due time after the next was written by a clock
 * that has been set back since. It does not count: otherwise nothing would be due until that time. A start a little
 * in the future counts: a correction of some minutes must not publish twice.
 */
export function duenessAt(
  around: (at: Date) => DueAround,
  started: Date | null,
  now: Date,
  missing: readonly Missing[] = [],
): Dueness {
  const { last, next } = around(now)
  const done = started !== null && started >= last && (started < next || started < around(next).next)
  return { due: !done || missing.some(({ mending }) => mending === 'sync'), last, next, now, missing }
}

/**
 * Asks the target. Its clock decides, unless `now` is given: that clock also dates the runs, so machines that disagree about
 * the time still agree about what is due. Throws VitrineError.
 */
export async function isDue(session: Session, publication: Publication, now?: Date): Promise<Dueness> {
  const started = await lastWholeStart(session, publication.schema)
  const missing = await missingOfVersion({ session, publication })
  return duenessAt((at) => dueAround(publication, at), started, now ?? (await targetNow(session)), missing)
}
