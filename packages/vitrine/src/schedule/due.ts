/**
 * When a run is due: a cron pattern of five fields read in a time zone, as pure functions of an instant. Called by the
 * schedule's loop, by `status`, and by commands that say when the next version comes.
 */
import { Cron, type CronOptions } from 'croner'
import { type Problem, VitrineError } from '../base/errors.ts'
import type { Publication } from '../publication/publication.ts'

/**
 * The first due instant after `after`. A local time that a clock change skips is due when the clock would have shown it;
 * one that comes twice is due the first time only. Throws DEFINITION_INVALID for a pattern that is wrong or never due.
 */
export function nextDue(pattern: string, zone: string, after: Date): Date {
  return due(pattern, zone, (cron) => cron.nextRun(after))
}

/** The due instants around an instant: the last one at or before it, and the first one after it. */
export interface DueAround {
  readonly last: Date
  readonly next: Date
}

/** Throws DEFINITION_INVALID like `nextDue`. */
export function dueAround({ schedule, zone }: Pick<Publication, 'schedule' | 'zone'>, at: Date): DueAround {
  // Searches forwards from earlier and earlier starts: backwards, Croner 10 fails at the first day of some months.
  return due(schedule, zone, (cron) => {
    for (const hours of LOOK_BACK_HOURS) {
      let last: Date | null = null
      let next = cron.nextRun(new Date(at.getTime() - hours * 3_600_000))
      for (; next !== null && next <= at; next = cron.nextRun(next)) last = next
      if (last !== null && next !== null) return { last, next }
    }
    return null
  })
}

/** The last one is nine years: 29 February can be eight years away, around 1900 and 2100. */
const LOOK_BACK_HOURS = [1, 24, 8 * 24, 32 * 24, 400 * 24, 9 * 366 * 24]

/** What is wrong with a schedule, for `check`; empty when it can be followed. Whether there is such a zone is asked elsewhere. */
export function scheduleProblems(pattern: string, zone: string, at: Date): readonly Problem[] {
  try {
    // Without the zone: its first time costs as much as the check of twenty questions.
    due(pattern, zone, (cron) => cron.nextRun(at), {})
    return []
  } catch (error) {
    return error instanceof VitrineError ? error.problems : []
  }
}

function due<T>(
  pattern: string,
  zone: string,
  find: (cron: Cron) => T | null,
  within: CronOptions = { timezone: zone },
): T {
  let found: T | null
  try {
    // Five fields are counted here, because Croner takes an empty pattern and its own nicknames too.
    found = pattern.trim().split(/\s+/).length === 5 ? find(new Cron(pattern, { ...within, mode: '5-part' })) : null
  } catch (error) {
    // Wrong fields are found by the constructor; a wrong zone, and a day that never comes, only by the search.
    throw invalid(pattern, zone, error)
  }
  if (found === null) throw invalid(pattern, zone, undefined)
  return found
}

const invalid = (pattern: string, zone: string, cause: unknown): VitrineError =>
  new VitrineError('DEFINITION_INVALID', {
    cause,
    problems: [
      {
        place: 'schedule',
        detail: `«${pattern}» is not a time that comes in the zone ${zone}`,
        remedy: 'write minute, hour, day, month and weekday, such as 0 0 * * *',
      },
    ],
  })
