/**
 * The registry of error codes: what happened, what to do, how the process ends, whether trying again can help. The
 * reference page of errors is generated from it. Texts name things and counts; they never quote a value.
 */

import { type ErrorKind, kind } from './error-kind.ts'
import { command, remedy } from './remedy.ts'
import { SERVER_ERRORS } from './server-kinds.ts'
import { SOURCE_ERRORS } from './source-errors.ts'

export type { ErrorKind } from './error-kind.ts'

export const ERRORS = Object.freeze({
  INTERNAL: kind(
    'The tool met a case it does not know.',
    'Report it with the code and the phase; nothing was published.',
    'internal',
  ),
  INTERRUPTED: kind(
    'The command was interrupted.',
    'Run it again; the previous version is still served.',
    'interrupted',
  ),

  USAGE: kind('The command line is wrong.', 'See --help of the command.', 'usage'),
  SETTINGS_INVALID: kind(
    'Some settings are missing or wrong.',
    'Correct each one listed; nothing was touched.',
    'usage',
  ),
  TARGET_URL_MISSING: kind(
    'No target database is named.',
    'Set METABASE_DATABASE_URL to the database that Metabase reads, with the writer role.',
    'usage',
  ),
  SOURCE_URL_MISSING: kind('No source database is named.', 'Set DATABASE_URL to the operational database.', 'usage'),
  URL_INVALID: kind(
    'A database URL is not understood.',
    'Write postgresql://user:password@host:port/database; special characters are percent-encoded.',
    'usage',
  ),
  URL_PARAMETER_UNKNOWN: kind(
    'A database URL has a parameter that is not known.',
    'Remove or correct the parameter; the known ones are listed in the message.',
    'usage',
  ),
  PUBLICATION_NOT_FOUND: kind(
    'The publication could not be loaded.',
    'Give its module with --publication, or export it from vitrine.config.js.',
    'usage',
  ),
  TABLE_UNKNOWN: kind('No published table has this name.', remedy`Use a name that ${command('check')} lists.`, 'usage'),

  DEFINITION_INVALID: kind(
    'The publication has problems.',
    'Correct each one listed; nothing was touched.',
    'definition',
  ),
  PSEUDONYM_KEY_MISSING: kind(
    'The publication uses pseudonyms and no key is set.',
    'Set VITRINE_PSEUDONYM_KEY to at least 32 random characters, and keep it: another key gives other pseudonyms.',
    'usage',
  ),

  ...SERVER_ERRORS,

  TARGET_IS_SOURCE: kind(
    'Target and source are the same database.',
    'Point METABASE_DATABASE_URL to the separate database of Metabase; nothing was touched.',
    'usage',
  ),
  TARGET_SCHEMA_MISSING: kind(
    'The published schema does not exist.',
    remedy`Run ${command('provision')}, then ${command('migrate')}.`,
    'drift',
  ),
  TARGET_SCHEMA_NOT_OWNED: kind(
    'The published schema belongs to another role.',
    'Make the writer its owner, as the message says.',
    'privilege',
  ),
  TARGET_NOT_MIGRATED: kind(
    'The published schema is not what the publication describes.',
    remedy`See ${command('plan')}, then run ${command('migrate')}.`,
    'drift',
  ),
  BOOKKEEPING_NEWER: kind(
    'The bookkeeping was written by a newer version of the tool.',
    'Use that version or a later one.',
    'drift',
  ),
  TARGET_OTHER_INSTALLATION: kind(
    'Another publication fills this schema.',
    'Point one of the two to another database or schema; nothing was touched.',
    'drift',
  ),
  VERSION_NOT_KEPT: kind(
    'There is no version to go back to.',
    remedy`Correct the cause and run ${command('sync')}; the present version stays.`,
    'drift',
  ),
  STAGING_NAME_TAKEN: kind(
    'A schema with the name of the staging area exists and is not ours.',
    'Rename or remove that schema.',
    'drift',
  ),
  DEPENDENT_BLOCKS: kind(
    'Objects depend on the published tables and cannot be carried over.',
    'Change each one as the message says, then run again.',
    'drift',
  ),
  PLAN_CONFLICT: kind(
    'The plan cannot be applied as it stands.',
    'Solve each conflict listed; nothing was touched.',
    'drift',
  ),
  PRIVILEGE_MISSING: kind(
    'A role lacks a privilege.',
    remedy`Grant what the message names, or run ${command('provision')}.`,
    'privilege',
  ),
  ROLE_UNSAFE: kind(
    'A role may do more than it should.',
    'Use a role without superuser rights, as the message says.',
    'privilege',
  ),
  DOCTOR_FAILED: kind('Some guarantees do not hold.', 'Follow the repair printed with each one.', 'privilege'),

  SOURCE_DRIFT: kind(
    'The source is not what the register describes.',
    'Bring the register in line, as the message says; nothing was touched.',
    'drift',
  ),
  SOURCE_QUERY_FAILED: kind(
    'The source refused a query of the publication.',
    'Correct the definition of the table named.',
    'definition',
  ),
  SOURCE_TYPE_MISMATCH: kind(
    'A column has another type than it declares.',
    'Declare the type that the source gives, or convert explicitly.',
    'definition',
  ),

  HISTORY_UNREADABLE: kind(
    'Recorded days do not fit the definition of a history table.',
    'Change the definition as the message says; no recorded day was touched.',
    'definition',
  ),
  HISTORY_QUERY_FAILED: kind(
    'The target refused the query of a history table.',
    'Correct the definition of the table named; nothing was touched.',
    'definition',
  ),
  HISTORY_FILE_INVALID: kind(
    'The file of a history table has problems.',
    'Correct each line listed; nothing was imported.',
    'data',
  ),

  VALUE_TOO_LONG: kind(
    'Values are longer than their column.',
    'Widen the column in the publication, or shorten the values in the source; the previous version stays.',
    'data',
  ),
  VALUE_NULL: kind(
    'Values are missing in a not-null column.',
    'Declare the column nullable, or complete the source; the previous version stays.',
    'data',
  ),
  VALUE_OUT_OF_RANGE: kind(
    'Values do not fit the type of their column.',
    'Declare a wider type, or correct the source; the previous version stays.',
    'data',
  ),
  VALUE_OUTSIDE_CATEGORY: kind(
    'A rule gave values outside its closed list.',
    'Add the category to the list, or correct the rule; the previous version stays.',
    'data',
  ),
  RULE_FAILED: kind(
    'A TypeScript rule failed.',
    'Make the rule total: it must give a value for every input; the previous version stays.',
    'data',
  ),
  KEY_DUPLICATE: kind(
    'A key is not unique.',
    'Correct the source query or the source; the previous version stays.',
    'data',
  ),
  REFERENCE_BROKEN: kind(
    'Rows refer to rows that are not published.',
    'Correct the source query or the source; the previous version stays.',
    'data',
  ),
  PRIVACY_VIOLATION: kind(
    'Staged rows hold what must not be published.',
    'Treat the column in the publication; the previous version stays.',
    'data',
  ),
  TABLE_SHRANK: kind(
    'A table lost more rows than allowed.',
    'If the loss is real, run again with --allow-shrink; the previous version stays.',
    'data',
  ),
  COUNT_MISMATCH: kind(
    'The staged rows are not as many as the rows read.',
    'Run again; if it persists, report it. The previous version stays.',
    'data',
    true,
  ),
  COPY_FAILED: kind('Rows could not be copied.', 'See the table and the state; the previous version stays.', 'data'),
  COPY_PROTOCOL: kind(
    'A server sent rows in a form that is not understood.',
    'Report it with the version of the server; the previous version stays.',
    'internal',
  ),

  RUN_IN_PROGRESS: kind(
    'Another run holds the lock.',
    remedy`Wait for it to end; ${command('status')} shows it.`,
    'busy',
    true,
  ),
  SWITCH_BLOCKED: kind(
    'The switch could not get its lock in time.',
    'Run again when the sessions that the message names have ended; the previous version stays.',
    'busy',
    true,
  ),
  SERIALIZATION: kind('The database cancelled a transaction because of others.', 'Run again.', 'busy', true),
  TARGET_FULL: kind('The target has no space left.', 'Free space on the target; the previous version stays.', 'data'),
  QUERY_TIMEOUT: kind(
    'A query took longer than allowed.',
    'Raise the limit, or make the query cheaper; the previous version stays.',
    'data',
    true,
  ),
  ...SOURCE_ERRORS,
  QUERY_FAILED: kind(
    'A database refused a statement of the tool.',
    'See the phase and the state; the previous version stays.',
    'internal',
  ),

  NOT_CONFIRMED: kind('The command was not confirmed.', 'Give --yes to confirm; nothing was touched.', 'usage'),
  STALE: kind(
    'The published version is older than it should be.',
    remedy`See ${command('status')}, and run ${command('sync')}.`,
    'stale',
  ),
} as const satisfies Record<string, ErrorKind>)
