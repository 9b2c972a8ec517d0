/** The part of the registry about the servers themselves: reaching them, and what they are short of. */
import { type ErrorKind, kind } from './error-kind.ts'

export const SERVER_ERRORS = Object.freeze({
  CONNECTION_FAILED: kind(
    'A database server could not be reached.',
    'Check that the server runs and that host and port are right.',
    'connection',
    true,
  ),
  CONNECTION_LOST: kind(
    'The connection to a database server was lost.',
    'The previous version is still served; run again when the server is back.',
    'connection',
    true,
  ),
  CONNECTION_SILENT: kind(
    'A database server, or the way to it, does not answer any more.',
    'Look at the network, the proxies and the load between here and the server; run again when it answers.',
    'connection',
    true,
  ),
  AUTHENTICATION_FAILED: kind(
    'A database server refused the role or its password.',
    'Check user and password in the URL.',
    'connection',
  ),
  DATABASE_MISSING: kind(
    'The database does not exist on the server.',
    'Check the name in the URL, or create the database.',
    'connection',
  ),
  TLS_FAILED: kind(
    'A secure connection could not be made.',
    'Check sslmode and sslrootcert in the URL, and the certificate of the server.',
    'connection',
  ),
  SERVER_TOO_OLD: kind(
    'A database server is older than PostgreSQL 15.',
    'Upgrade the server: versions 15 to 18 are supported.',
    'connection',
  ),
  TOO_MANY_CONNECTIONS: kind(
    'A database server has no connection left.',
    'Close idle clients or raise the limit of the role, and run again.',
    'connection',
    true,
  ),
  SOURCE_LOCKED: kind(
    'A table of the source is locked by somebody else.',
    'Run again when the migration or the maintenance that holds it has ended; the previous version stays.',
    'busy',
    true,
  ),
  SOURCE_FULL: kind(
    'The source has no space left for a query.',
    'Free space on the source, or make the query of the table cheaper; the previous version stays.',
    'data',
  ),
  RESOURCES_EXHAUSTED: kind(
    'A database server has run out of memory or of locks.',
    'Run again; if it persists, give the server named more memory or a higher max_locks_per_transaction.',
    'busy',
    true,
  ),
} as const satisfies Record<string, ErrorKind>)
