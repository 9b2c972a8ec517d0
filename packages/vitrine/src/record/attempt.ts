/**
 * Records a try that failed before its run could begin, such as when the source did not answer: otherwise `status` would
 * not show it. Called after each failure.
 */
import type { ErrorCode, VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import type { Publication } from '../publication/publication.ts'
import { bookkeepingIsCurrent } from './bookkeeping.ts'
import { beginRun, failRun, type Trigger } from './runs.ts'

/** The latest run in the bookkeeping, of whatever state. */
export interface LatestRun {
  readonly id: number
  readonly startedAt: Date
  /** The code of the error that it failed with. */
  readonly errorCode: string | null
}

/** The tries for a due time that failed, as the record has them. */
export interface Tries {
  readonly failed: number
  /** The code of the last one's error. */
  readonly lastError: string | null
}

/** Counts scheduled tries since an instant, and since the last version. The bookkeeping must exist. */
export async function triesSince(target: Session, schema: string, since: Date): Promise<Tries> {
  const [row] = await target.query<Tries>(
    `select count(*)::integer as failed, (array_agg(error_code order by id desc))[1] as "lastError"
     from vitrine.run where schema_name = $1 and state = 'failed' and trigger = 'schedule' and started_at >= $2
       and id > (select coalesce(max(id), 0) from vitrine.run where schema_name = $1 and published_at is not null)`,
    [schema, since],
  )
  return row ?? { failed: 0, lastError: null }
}

/** Null when there is none. */
export async function latestRun(target: Session, schema: string): Promise<LatestRun | null> {
  if (!(await bookkeepingIsCurrent(target))) return null
  const [run] = await target.query<LatestRun>(
    `select id::integer, started_at as "startedAt", error_code as "errorCode"
     from vitrine.run where schema_name = $1 order by id desc limit 1`,
    [schema],
  )
  return run ?? null
}

/** Errors that mean that the record belongs to another installation: then nothing is written. */
export const NOT_OURS: readonly string[] = [
  'TARGET_OTHER_INSTALLATION',
  'TARGET_OTHER_SOURCE',
  'TARGET_IS_SOURCE',
] satisfies ErrorCode[]

/**
 * Records the failure, unless a run has begun since `before` was the latest one: that run is recorded already. A
 * target that is not migrated, or where another run holds the lock, is not changed, nor is the record of another
 * installation.
 */
export async function recordAttempt(
  target: Session,
  publication: Publication,
  trigger: Trigger,
  error: VitrineError,
  before: LatestRun | null,
): Promise<void> {
  const { schema } = publication
  if (NOT_OURS.includes(error.code) || !(await bookkeepingIsCurrent(target))) return
  await takeRunLock(target, schema)
  try {
    if ((await latestRun(target, schema))?.id !== before?.id) return
    await failRun(target, await beginRun({ session: target, publication }, trigger), 'check', error)
  } finally {
    await releaseRunLock(target, schema)
  }
}
