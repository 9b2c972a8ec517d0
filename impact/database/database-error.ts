/**
 * The errors of migrating and filling the operational database: code → what happened, what to do, how a command should
 * end. Details hold names and counts, never a row value; the server's own error is kept as `cause` and never printed,
 * because its detail may quote a row. Thrown by `migrate` and `sample`, rendered by the command line.
 */

export interface DatabaseErrorKind {
  readonly what: string
  readonly hint: string
  /** Name of an exit status of the command line, as in Vitrine's own registry. */
  readonly exit: 'usage' | 'drift' | 'data' | 'internal'
}

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
} as const satisfies Record<string, DatabaseErrorKind>

export type DatabaseErrorCode = keyof typeof DATABASE_ERRORS

export interface DatabaseErrorFacts {
  /** The migration, table or file at fault. */
  readonly place?: string
  readonly detail?: string
  readonly cause?: unknown
}

export class ImpactDatabaseError extends Error {
  override readonly name = 'ImpactDatabaseError'
  readonly code: DatabaseErrorCode
  readonly place: string | undefined
  readonly detail: string | undefined
  readonly hint: string
  readonly exit: DatabaseErrorKind['exit']
  /** PostgreSQL's SQLSTATE, five characters, when a server gave one. */
  readonly sqlState: string | undefined

  constructor(code: DatabaseErrorCode, facts: DatabaseErrorFacts = {}) {
    const sqlState = sqlStateOf(facts.cause)
    const detail = facts.detail ?? columnOf(facts.cause)
    const told = [facts.place, detail, sqlState && `state ${sqlState}`].filter(Boolean).join(', ')
    super(`${code}: ${DATABASE_ERRORS[code].what}${told === '' ? '' : ` (${told})`}`)
    this.code = code
    this.place = facts.place
    this.detail = detail
    this.hint = DATABASE_ERRORS[code].hint
    this.exit = DATABASE_ERRORS[code].exit
    this.sqlState = sqlState
    Object.defineProperty(this, 'cause', { value: facts.cause, enumerable: false, configurable: true })
  }
}

function sqlStateOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : undefined
}

/** The table and column that a server names beside a state: names only, its own detail quotes rows. */
function columnOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('table' in thrown && 'column' in thrown)) return undefined
  const { table, column } = thrown
  return typeof table === 'string' && typeof column === 'string' ? `${table}.${column}` : undefined
}
