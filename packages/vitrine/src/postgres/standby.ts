/** Whether a standby follows the server of a session, which replays its locks. */
import type { Session } from './connect.ts'

/**
 * True when somebody streams the write-ahead log of the whole server: a physical standby, or a tool that archives the
 * log, except PostgreSQL's own. Every role may see this. A standby that reads archived files is not seen.
 */
export async function hasStandby(session: Session): Promise<boolean> {
  const [found] = await session.query<{ follows: boolean }>(
    `select exists (select from pg_catalog.pg_stat_replication r join pg_catalog.pg_stat_activity a on a.pid = r.pid
                    where a.datid is null and r.application_name not in ('pg_basebackup', 'pg_receivewal')) as follows`,
  )
  return found?.follows === true
}
