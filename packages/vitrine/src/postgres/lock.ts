/** One run at a time: a session advisory lock on the target, which ends with the session whatever happens to the process. */
import { VitrineError } from '../base/errors.ts'
import type { Session } from './connect.ts'

/** The first half of the lock's key, the same for every installation: "vitr" in ASCII. */
const NAMESPACE = 0x76697472

export interface LockHolder {
  readonly pid: number
  readonly application: string
  /** Seconds since its session began. */
  readonly age: number
}

/** Takes the lock of a published schema, or throws RUN_IN_PROGRESS naming the session that holds it. */
export async function takeRunLock(target: Session, schema: string): Promise<void> {
  const [row] = await target.query<{ taken: boolean }>(
    'select pg_try_advisory_lock($1::integer, hashtext($2)) as taken',
    [NAMESPACE, schema],
  )
  if (row?.taken === true) return
  const holder = await runLockHolder(target, schema)
  const who =
    holder === null ? '' : `It is session ${holder.pid} (${holder.application || 'no name'}), ${holder.age} s old.`
  throw new VitrineError('RUN_IN_PROGRESS', { place: 'target', detail: who })
}

/** Releases the lock once; the lock counts, so an outer caller keeps it. A lost session has lost its locks already. */
export async function releaseRunLock(target: Session, schema: string): Promise<void> {
  await target.query('select pg_advisory_unlock($1::integer, hashtext($2))', [NAMESPACE, schema]).catch(() => undefined)
}

/** The session that holds the lock of a published schema, or null. */
export async function runLockHolder(target: Session, schema: string): Promise<LockHolder | null> {
  const [row] = await target.query<LockHolder>(
    `select a.pid, coalesce(a.application_name, '') as application,
            extract(epoch from clock_timestamp() - a.backend_start)::integer as age
     from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 2
       and l.classid = $1::bigint::oid and l.objid = (hashtext($2)::bigint & 4294967295)::oid
       and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
     limit 1`,
    [NAMESPACE, schema],
  )
  return row ?? null
}
