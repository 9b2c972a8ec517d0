/** The errors of migrating and filling the operational database. Thrown by `migrate` and `sample`. */
import { ImpactError, type ImpactErrorFacts, type ImpactErrorKind } from './impact-error.ts'

export const DATABASE_ERRORS = {
  MIGRATION_EDITED: {
    what: 'A migration that was applied has been edited since.',
    hint: 'Put the file back as it was, and write the change as a new migration.',
    exit: 'drift',
  },
  MIGRATION_UNKNOWN: {
    what: 'The database has migrations that this version does not know, or in another order.',
    hint: 'Use the version that applied them, or a later one.',
    exit: 'drift',
  },
  MIGRATION_FILES_INVALID: {
    what: 'The migration files are not numbered 0001, 0002, … without a gap.',
    hint: 'Rename the file that is named.',
    exit: 'internal',
  },
  MIGRATION_FAILED: {
    what: 'The database refused a migration; it was undone.',
    hint: 'State 42501 asks for a role that may create tables in the schema public; 55P03 says that another migration runs.',
    exit: 'data',
  },
  SCHEMA_INCOMPLETE: {
    what: 'The database has some tables of the application and lacks others.',
    hint: 'Bring the application up to its version of July 2026, or start from an empty database.',
    exit: 'drift',
  },
  NOT_MIGRATED: {
    what: 'The database has not been migrated.',
    hint: 'Run `impact migrate` first.',
    exit: 'drift',
  },
  NOT_EMPTY: {
    what: 'The database already holds rows of the application.',
    hint: 'Load the sample into an empty database: sample rows are never mixed with others.',
    exit: 'usage',
  },
  TODAY_INVALID: {
    what: 'The day of the sample is not a day from 2024-01-01 on.',
    hint: 'Give a day as YYYY-MM-DD, or an instant with its offset.',
    exit: 'usage',
  },
  SAMPLE_FAILED: {
    what: 'The sample could not be loaded; nothing was kept.',
    hint: 'State 42501 asks for the role that owns the tables; otherwise report the file and the state.',
    exit: 'internal',
  },
} as const satisfies Record<string, ImpactErrorKind>

export type DatabaseErrorCode = keyof typeof DATABASE_ERRORS

export class ImpactDatabaseError extends ImpactError<DatabaseErrorCode> {
  override readonly name = 'ImpactDatabaseError'

  constructor(code: DatabaseErrorCode, facts: ImpactErrorFacts = {}) {
    super(code, DATABASE_ERRORS[code], facts)
  }
}
