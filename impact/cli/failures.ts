/** Errors of the operational database and of the demonstration servers, in the form in which the command line prints errors. */
import { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from '@vitrine/embedded-postgres'
import type { Failure } from 'vitrine/cli'
import { DATABASE_ERRORS, ImpactDatabaseError } from '../database/database-error.ts'
import { FeedError } from '../feeds/feed-error.ts'

const NOTHING = { place: null, detail: null, sqlState: null, problems: [], retry: false }

export function explain(thrown: unknown): Failure | null {
  if (thrown instanceof ImpactDatabaseError) {
    const { code, place = null, detail = null, sqlState = null, hint, exit } = thrown
    return { ...NOTHING, code, what: DATABASE_ERRORS[code].what, place, detail, sqlState, remedy: hint, exit }
  }
  if (thrown instanceof FeedError) {
    const { code, place, detail, sqlState, problems, kind } = thrown
    const { what, hint: remedy, exit, retry } = kind
    return { code, what, place, detail, sqlState, problems, remedy, exit, retry }
  }
  if (!(thrown instanceof EmbeddedPostgresError)) return null
  return {
    ...NOTHING,
    code: `SERVER_${thrown.code.toUpperCase().replaceAll('-', '_')}`,
    what: 'A PostgreSQL server of the demonstration could not be used.',
    detail: thrown.message,
    remedy: REMEDIES[thrown.code] ?? 'Do what the message says, or start over with --fresh.',
    exit: 'connection',
  }
}

/** What helps when the message itself does not say it. */
const REMEDIES: Readonly<Partial<Record<EmbeddedPostgresErrorCode, string>>> = {
  'platform-unsupported': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'binaries-missing': 'Run npm ci again, with optional dependencies.',
  'binaries-unusable': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'port-taken': 'Give another --port, or none to take free ones.',
  'no-space': 'Free space on the disk.',
}
