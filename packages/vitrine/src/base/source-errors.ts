/** The part of the registry about the source as a whole: which one it is, and what it can bear. */
import { type ErrorKind, kind } from './error-kind.ts'
import { command, remedy } from './remedy.ts'

export const SOURCE_ERRORS = Object.freeze({
  TARGET_OTHER_SOURCE: kind(
    'The published schema is filled from another source.',
    remedy`Correct the URL that is wrong, or, when the source has moved, run ${command('migrate', '--new-source')}; nothing was touched.`,
    'drift',
  ),
  SNAPSHOT_TOO_LONG: kind(
    'The source was not read within the time that a run may hold its snapshot.',
    'Run again when the source is less busy; if it persists, make the queries cheaper or raise limits.snapshotLimitMs. The previous version stays.',
    'busy',
    true,
  ),
  REPLICA_CONFLICT: kind(
    'The replica that is the source cancelled a query in order to follow its primary.',
    'Run again; if it persists, raise max_standby_streaming_delay on the replica, or set hot_standby_feedback there. The previous version stays.',
    'busy',
    true,
  ),
} as const satisfies Record<string, ErrorKind>)
