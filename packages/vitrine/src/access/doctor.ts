/**
 * The doctor: proves by trying that every promise about roles, rights and separation holds on the real databases, and gives
 * the repair of each that does not. It leaves nothing behind. The proofs are in `reader-proof.ts`, `writer-proof.ts`,
 * `role-proof.ts` and `source-proof.ts`; the sessions are the caller's, outside a transaction.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { refuseSameDatabase } from '../postgres/identity.ts'
import type { Publication } from '../publication/publication.ts'
import { ownRecord } from '../record/installation.ts'
import { broken, type Finding, type Guarantee, holds } from './finding.ts'
import { readRights } from './privilege.ts'
import { proveReader } from './reader-proof.ts'
import { readRoles } from './role.ts'
import { proveRoles } from './role-proof.ts'
import { proveSource } from './source-proof.ts'
import { proveWriter } from './writer-proof.ts'

export { type Finding, requireHealthy, type Severity } from './finding.ts'

/** A login that failed is a finding and not the end of the examination. */
export interface Connections {
  /** As the writer. */
  readonly target: Session
  readonly reader: Session | VitrineError
  /** Null when the source is not to be examined. */
  readonly source: Session | VitrineError | null
}

/** The newest server whose behaviour is tested, as `server_version_num`; older ones than 15 are refused by `connect`. */
const NEWEST_TESTED = 189_999

/** Every guarantee with whether it holds, in the order of a report. Throws only when a connection is lost meanwhile. */
export async function diagnose(connections: Connections, publication: Publication): Promise<readonly Finding[]> {
  const { target, reader, source } = connections
  const roles = await readRoles(target, publication)
  const rights = await readRights(target, publication)
  const migrated = rights.published !== null && (await isMigrated(target, publication))
  const context = { publication, database: rights.database.name, migrated }
  const findings = [
    versions([target, ...(source === null || source instanceof VitrineError ? [] : [source])]),
    ...(await proveRoles(target, publication, roles)),
    ...(await proveWriter(target, publication, roles, rights)),
    await login(reader, target, publication),
    ...(reader instanceof VitrineError ? [] : await proveReader(reader, context)),
  ]
  if (source === null) return findings
  if (source instanceof VitrineError) return [...findings, noSource(source)]
  return [...findings, await apart(source, target), ...(await proveSource(source, publication))]
}

/** The bookkeeping may be unreadable to a session that is not the writer's; that is another finding's business. */
async function isMigrated(target: Session, publication: Publication): Promise<boolean> {
  try {
    return (await ownRecord({ session: target, publication })) !== null
  } catch (error) {
    if (error instanceof VitrineError && error.code === 'PRIVILEGE_MISSING') return true
    throw error
  }
}

function versions(sessions: readonly Session[]): Finding {
  const guarantee: Guarantee = {
    name: 'versions',
    guarantee: 'The servers are of versions whose behaviour is tested.',
    expected: 'PostgreSQL 15 to 18',
  }
  const actual = sessions
    .map(({ side, serverVersion }) => `${side} ${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`)
    .join(', ')
  const tested = sessions.every(({ serverVersion }) => serverVersion <= NEWEST_TESTED)
  return tested
    ? holds(guarantee, actual)
    : broken(guarantee, actual, ['Look for a newer version of this tool.'], 'warning')
}

interface Whereabouts {
  readonly role: string
  readonly database: string
  /** Two servers with the same database name do not start in the same microsecond. */
  readonly server: string
}

const whereabouts = async (session: Session): Promise<Whereabouts | undefined> =>
  (
    await session.query<Whereabouts>(
      `select current_user::text as role, current_database()::text as database,
              pg_postmaster_start_time()::text as server`,
    )
  )[0]

async function login(reader: Session | VitrineError, target: Session, publication: Publication): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-login',
    guarantee: `${publication.reader} logs in to the target; what follows is proved as that role.`,
    expected: publication.reader,
  }
  if (reader instanceof VitrineError) return broken(guarantee, reader.message, [reader.remedy])
  const [here, there] = [await whereabouts(reader), await whereabouts(target)]
  if (here?.database !== there?.database || here?.server !== there?.server) {
    const repair = 'Give the reader a URL of the same server and database as the target.'
    return broken(guarantee, `database ${here?.database}, which is not the target`, [repair])
  }
  const repair = `Put ${publication.reader} into the URL of the reader.`
  return here?.role === publication.reader ? holds(guarantee) : broken(guarantee, here?.role ?? '', [repair])
}

const noSource = (error: VitrineError): Finding =>
  broken({ name: 'source-login', guarantee: 'The source answers.', expected: 'a session' }, error.message, [
    error.remedy,
  ])

async function apart(source: Session, target: Session): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'target-is-not-source',
    guarantee: 'Target and source are two databases, proved by a lock that only one of them shows.',
    expected: 'two databases',
  }
  try {
    await refuseSameDatabase(source, target)
    return holds(guarantee)
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'TARGET_IS_SOURCE') throw error
    return broken(guarantee, error.detail ?? 'one database', [error.remedy])
  }
}
