/**
 * The registry of error codes: what happened, what to do, how the process ends, whether trying again can help. The
 * reference page of errors is generated from it. Texts name things and counts; they never quote a value.
 */
import { DATA_ERRORS } from './data-errors.ts'
import { DICTIONARY_ERRORS } from './dictionary-errors.ts'
import { kinds, NO_RETRY, RETRY } from './error-kinds.ts'
import { METABASE_ERRORS } from './metabase-errors.ts'
import { ONBOARDING_ERRORS } from './onboarding-errors.ts'
import { PAGE_ERRORS } from './page-errors.ts'
import { PRIVACY_ERRORS } from './privacy-errors.ts'
import { command, remedy } from './remedy.ts'

export const ERRORS = Object.freeze({
  ...kinds('internal', NO_RETRY, {
    INTERNAL: {
      what: 'The tool met a case it does not know.',
      hint: 'Report it with the code and the phase; nothing was published.',
    },
    COPY_PROTOCOL: {
      what: 'A server sent rows in a form that is not understood.',
      hint: 'Report it with the version of the server; the previous version stays.',
    },
    OUTPUT_LOST: {
      what: 'The result could not be written.',
      hint: 'Make room where stdout goes. The command itself has done its work.',
    },
    QUERY_FAILED: {
      what: 'A database refused a statement of the tool.',
      hint: 'See the phase and the state; the previous version stays.',
    },
  }),
  ...kinds('interrupted', NO_RETRY, {
    INTERRUPTED: { what: 'The command was interrupted.', hint: 'Run it again; the previous version is still served.' },
  }),
  ...kinds('usage', NO_RETRY, {
    USAGE: { what: 'The command line is wrong.', hint: 'See --help of the command.' },
    SETTINGS_INVALID: {
      what: 'Some settings are missing or wrong.',
      hint: 'Correct each one listed; nothing was touched.',
    },
    TARGET_URL_MISSING: {
      what: 'No target database is named.',
      hint: 'Set METABASE_DATABASE_URL to the database that Metabase reads, with the writer role.',
    },
    SOURCE_URL_MISSING: { what: 'No source database is named.', hint: 'Set DATABASE_URL to the operational database.' },
    URL_INVALID: {
      what: 'A database URL is not understood.',
      hint: 'Write postgresql://user:password@host:port/database; special characters are percent-encoded.',
    },
    URL_PARAMETER_UNKNOWN: {
      what: 'A database URL has a parameter that is not known.',
      hint: 'Remove or correct the parameter; the known ones are listed in the message.',
    },
    PUBLICATION_NOT_FOUND: {
      what: 'The publication could not be loaded.',
      hint: remedy`Give its module with --publication, export it from vitrine.config.js, or make one with ${command('init')}.`,
    },
    TABLE_UNKNOWN: {
      what: 'No published table has this name.',
      hint: remedy`Use a name that ${command('check')} lists.`,
    },
    PSEUDONYM_KEY_MISSING: {
      what: 'The publication uses pseudonyms and no key is set.',
      hint: 'Set VITRINE_PSEUDONYM_KEY to at least 32 random characters, and keep it: another key gives other pseudonyms.',
    },
    TARGET_IS_SOURCE: {
      what: 'Target and source are the same database.',
      hint: 'Point METABASE_DATABASE_URL to the separate database of Metabase; nothing was touched.',
    },
    NOT_CONFIRMED: { what: 'The command was not confirmed.', hint: 'Give --yes to confirm; nothing was touched.' },
  }),
  ...kinds('definition', NO_RETRY, {
    DEFINITION_INVALID: {
      what: 'The publication has problems.',
      hint: 'Correct each one listed; nothing was touched.',
    },
    CODE_FAILED_LATE: {
      what: 'Code of the publication failed when nobody waited for it any more, in a timer or a promise.',
      hint: 'Let rules and definitions do their work at once: no timer, no promise. The previous version stays.',
    },
    SOURCE_QUERY_FAILED: {
      what: 'The source refused a query of the publication.',
      hint: 'Correct the definition of the table named.',
    },
    SOURCE_TYPE_MISMATCH: {
      what: 'A column has another type than it declares.',
      hint: 'Declare the type that the source gives, or convert explicitly.',
    },
    HISTORY_UNREADABLE: {
      what: 'Recorded days do not fit the definition of a history table.',
      hint: 'Change the definition as the message says; no recorded day was touched.',
    },
    HISTORY_QUERY_FAILED: {
      what: 'The target refused the query of a history table.',
      hint: 'Correct the definition of the table named; nothing was touched.',
    },
  }),
  ...kinds('connection', NO_RETRY, {
    AUTHENTICATION_FAILED: {
      what: 'A database server refused the role or its password.',
      hint: 'Check user and password in the URL.',
    },
    DATABASE_MISSING: {
      what: 'The database does not exist on the server.',
      hint: 'Check the name in the URL, or create the database.',
    },
    TLS_FAILED: {
      what: 'A secure connection could not be made.',
      hint: 'Check sslmode and sslrootcert in the URL, and the certificate of the server.',
    },
    POOLER: {
      what: 'A pooler stands before a database server and does not give us a session of our own.',
      hint: 'Name the server itself: on Supabase port 5432 instead of 6543, on Neon the host without -pooler, on DigitalOcean port 25060 instead of 25061, on Azure and PlanetScale port 5432 instead of 6432, on Heroku DATABASE_URL; or use a pool in session mode.',
    },
    SERVER_TOO_OLD: {
      what: 'A database server is older than PostgreSQL 15.',
      hint: 'Upgrade the server: versions 15 to 18 are supported.',
    },
    SERVER_DAMAGED: {
      what: 'A database server could not read or write its own files.',
      hint: 'See the log of the server; its administrator must look at its disk and its tables. The previous version stays.',
    },
  }),
  ...kinds('connection', RETRY, {
    CONNECTION_FAILED: {
      what: 'A database server could not be reached.',
      hint: 'Check that the server runs and that host and port are right.',
    },
    CONNECTION_LOST: {
      what: 'The connection to a database server was lost.',
      hint: 'The previous version is still served; run again when the server is back.',
    },
    CONNECTION_SILENT: {
      what: 'A database server, or the way to it, does not answer any more.',
      hint: 'Look at the network, the proxies and the load between here and the server; run again when it answers.',
    },
    TOO_MANY_CONNECTIONS: {
      what: 'A database server has no connection left.',
      hint: 'Close idle clients or raise the limit of the role, and run again.',
    },
    SERVER_BEHIND_FAILED: {
      what: 'A server behind a database server failed or could not be reached.',
      hint: 'The database answers, but it asks another server (a foreign table, dblink) or stands behind a pooler: look there, and run again.',
    },
  }),
  ...kinds('privilege', NO_RETRY, {
    TARGET_SCHEMA_NOT_OWNED: {
      what: 'The published schema belongs to another role.',
      hint: 'Make the writer its owner, as the message says.',
    },
    PRIVILEGE_MISSING: {
      what: 'A role lacks a privilege.',
      hint: remedy`Grant what the message names, or run ${command('provision')}.`,
    },
    ROLE_UNSAFE: {
      what: 'A role may do more than it should.',
      hint: 'Use another role, as the message says.',
    },
    DOCTOR_FAILED: { what: 'Some guarantees do not hold.', hint: 'Follow the repair printed with each one.' },
  }),
  ...kinds('drift', NO_RETRY, {
    TARGET_READ_ONLY: {
      what: 'The target takes no writes.',
      hint: 'Name the primary in METABASE_DATABASE_URL, not a replica; or take default_transaction_read_only from the role or the database.',
    },
    FUNCTION_FAILED: {
      what: 'A trigger or a function of a database stopped a statement.',
      hint: 'Look at the function that the message names, or at the event triggers and functions of that database; the previous version stays.',
    },
    TARGET_SCHEMA_MISSING: {
      what: 'The published schema does not exist.',
      hint: remedy`Run ${command('provision')}, then ${command('migrate')}.`,
    },
    TARGET_NOT_MIGRATED: {
      what: 'The published schema is not what the publication describes.',
      hint: remedy`See ${command('plan')}, then run ${command('migrate')}.`,
    },
    BOOKKEEPING_NEWER: {
      what: 'The bookkeeping was written by a newer version of the tool.',
      hint: 'Use that version or a later one.',
    },
    TARGET_OTHER_INSTALLATION: {
      what: 'Another publication fills this schema.',
      hint: 'Point one of the two to another database or schema; nothing was touched.',
    },
    VERSION_NOT_KEPT: {
      what: 'There is no version to go back to.',
      hint: remedy`Correct the cause and run ${command('sync')}; the present version stays.`,
    },
    STAGING_NAME_TAKEN: {
      what: 'A schema with the name of the staging area exists and is not ours.',
      hint: 'Rename or remove that schema.',
    },
    DEPENDENT_BLOCKS: {
      what: 'Objects depend on the published tables and cannot be carried over.',
      hint: 'Change each one as the message says, then run again.',
    },
    VERSIONS_LEFT: {
      what: 'Versions that have left could not be removed, and one more would fill the disk.',
      hint: 'Remove what keeps each one, as the message says, then run again.',
    },
    PLAN_CONFLICT: {
      what: 'The plan cannot be applied as it stands.',
      hint: 'Solve each conflict listed; nothing was touched.',
    },
    SOURCE_DRIFT: {
      what: 'The source is not what the register describes.',
      hint: 'Bring the register in line, as the message says; nothing was touched.',
    },
    TARGET_OTHER_SOURCE: {
      what: 'The published schema is filled from another source.',
      hint: remedy`Correct the URL that is wrong, or, when the source has moved, run ${command('migrate', '--new-source')}; nothing was touched.`,
    },
  }),
  ...DATA_ERRORS,
  ...PRIVACY_ERRORS,
  ...DICTIONARY_ERRORS,
  ...METABASE_ERRORS,
  ...PAGE_ERRORS,
  ...ONBOARDING_ERRORS,
  ...kinds('busy', RETRY, {
    SOURCE_LOCKED: {
      what: 'A table of the source is locked by somebody else.',
      hint: 'Run again when the migration or the maintenance that holds it has ended; the previous version stays.',
    },
    RESOURCES_EXHAUSTED: {
      what: 'A database server has run out of memory or of locks.',
      hint: 'Run again; if it persists, give the server named more memory or a higher max_locks_per_transaction.',
    },
    RUN_IN_PROGRESS: {
      what: 'Another run holds the lock.',
      hint: remedy`Wait for it to end; ${command('status')} shows it.`,
    },
    FOLLOW_WAITS: {
      what: 'A large table would have been read whole between two due times.',
      hint: remedy`Nothing is wrong: the next run that is due reads it, and ${command('follow')} goes on after it. ${command('status --explain')} says why; limits.followRows is the bound.`,
    },
    SWITCH_BLOCKED: {
      what: 'The switch could not get its lock in time.',
      hint: 'Run again when the sessions that the message names have ended; the previous version stays.',
    },
    SERIALIZATION: { what: 'The database cancelled a transaction because of others.', hint: 'Run again.' },
    SNAPSHOT_TOO_LONG: {
      what: 'The source was not read within the time that a run may hold its snapshot.',
      hint: 'Run again when the source is less busy; if it persists, make the queries cheaper or raise limits.snapshotLimitMs. The previous version stays.',
    },
    REPLICA_CONFLICT: {
      what: 'The replica that is the source cancelled a query in order to follow its primary.',
      hint: 'Run again; if it persists, raise max_standby_streaming_delay on the replica, or set hot_standby_feedback there. The previous version stays.',
    },
  }),
  ...kinds('stale', NO_RETRY, {
    STALE: {
      what: 'The published version is not fresh.',
      hint: remedy`See ${command('status')}, and run ${command('sync')}.`,
    },
  }),
  ...kinds('missing', NO_RETRY, {
    VERSION_MISSING: {
      what: 'Readers do not find, or may not read, what was published.',
      hint: remedy`Do what stands beside each; ${command('rebuild')} puts all of it back.`,
    },
  }),
})
