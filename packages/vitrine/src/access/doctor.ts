/**
 * The doctor: tries whether every promise about roles, rights and separation holds on the real databases, and returns
 * the repair of each that does not. It changes nothing. The guarantees are in the `…-proof.ts` files; the sessions are
 * the caller's, outside a transaction.
 */
import { VitrineError } from '../base/errors.ts'
import { remedyText } from '../base/remedy.ts'
import type { Target } from '../catalogue/target.ts'
import { GRAMMAR, grammarNote } from '../lineage/parse.ts'
import { isApproved } from '../migration/approval.ts'
import type { Session } from '../postgres/connect.ts'
import { refuseSameDatabase } from '../postgres/identity.ts'
import type { Publication } from '../publication/publication.ts'
import { ownRecord } from '../record/installation.ts'
import { readFacts } from './facts.ts'
import { broken, type Finding, findingsOf, type Guarantees, holds } from './finding.ts'
import { type ProvisionStep, planProvision } from './provision.ts'
import { proveReader } from './reader-proof.ts'
import { SOURCE } from './source-proof.ts'
import { grantsFor } from './statement.ts'
import { ROLES, WRITER } from './writer-proof.ts'

export { type Finding, requireHealthy, type Severity } from './finding.ts'

/** A failed login is a finding: the examination goes on. */
export interface ExaminedSessions {
  /** As the writer. */
  readonly target: Session
  readonly reader: Session | VitrineError
  /** Null when the source is not to be examined. */
  readonly source: Session | VitrineError | null
}

/** Every guarantee with whether it holds, in the order of a report. Throws only when a connection is lost meanwhile. */
export async function diagnose(connections: ExaminedSessions, publication: Publication): Promise<readonly Finding[]> {
  const { target, reader, source } = connections
  const facts = await readFacts(target, publication)
  const { steps } = await planProvision(target, publication, { writerPassword: null, readerPassword: null })
  const isMade = steps.some(({ name, done }) => name === 'schema-exists' && done)
  const approved = isMade && (await isDefinitionApproved({ session: target, publication }))
  const grants = grantsFor(publication, facts.database.name)
  const asWriter = { publication, facts, steps, grants, approved, session: target, role: facts.user }
  const findings = [
    ...(await findingsOf({ ...versions(connections), ...ROLES, ...WRITER, ...readerLogin(connections) }, asWriter)),
    ...(reader instanceof VitrineError
      ? []
      : await proveReader({ ...asWriter, session: reader, role: publication.reader })),
  ].map((finding) => lenient(finding, steps))
  if (source === null) return findings
  if (source instanceof VitrineError) return [...findings, ...(await findingsOf(noSource(source), asWriter))]
  const onSource = { ...asWriter, session: source, role: (await whereabouts(source)).role }
  return [...findings, ...(await findingsOf({ ...apart(source, target), ...SOURCE }, onSource))]
}

/** Turns a failure into a warning if only the database's owner can repair it and neither runs nor readers need it. */
function lenient(finding: Finding, steps: readonly ProvisionStep[]): Finding {
  const theirs = steps.filter(({ optional, possible }) => optional && !possible).map(({ sql }) => `${sql};`)
  const repairs = remedyText(finding.repair).split('\n')
  return !finding.ok && repairs.every((repair) => theirs.includes(repair))
    ? { ...finding, severity: 'warning' }
    : finding
}

/** The bookkeeping may be unreadable to a session that is not the writer's; another guarantee says so. */
async function isDefinitionApproved(target: Target): Promise<boolean> {
  try {
    return isApproved(await ownRecord(target), target)
  } catch (error) {
    if (error instanceof VitrineError && error.code === 'PRIVILEGE_MISSING') return true
    throw error
  }
}

const versions = ({ target, source }: ExaminedSessions): Guarantees => ({
  versions: {
    guarantee: 'The servers are of versions whose behaviour is tested.',
    // Older ones are refused by `connect`.
    expected: `PostgreSQL 15 to ${GRAMMAR}`,
    proof: () => {
      const sessions = source instanceof VitrineError || source === null ? [target] : [target, source]
      const actual = sessions
        .map(({ side, serverVersion }) => `${side} ${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`)
        .join(', ')
      const isTested = sessions.every(({ serverVersion }) => grammarNote(serverVersion) === null)
      return isTested ? holds(actual) : broken(actual, 'Look for a newer version of this tool.', 'warning')
    },
  },
})

/** Tells two servers with equal database names apart: they did not start in the same microsecond. */
async function whereabouts(session: Session) {
  const [row] = await session.query<Record<'role' | 'database' | 'server', string>>(
    `select current_user::text as role, current_database()::text as database, pg_postmaster_start_time()::text as server`,
  )
  return row ?? { role: '', database: '', server: '' }
}

const readerLogin = ({ reader, target }: ExaminedSessions): Guarantees => ({
  'reader-login': {
    guarantee: ({ publication }) => `${publication.reader} logs in to the target; what follows is proved as that role.`,
    expected: ({ publication }) => publication.reader,
    proof: async ({ publication }) => {
      if (reader instanceof VitrineError) return broken(reader.message, reader.remedy)
      const [here, there] = [await whereabouts(reader), await whereabouts(target)]
      if (here.database !== there.database || here.server !== there.server) {
        const repair = 'Give the reader a URL of the same server and database as the target.'
        return broken(`database ${here.database}, which is not the target`, repair)
      }
      const repair = `Put ${publication.reader} into the URL of the reader.`
      return here.role === publication.reader ? holds() : broken(here.role, repair)
    },
  },
})

const noSource = ({ message, remedy }: VitrineError): Guarantees => ({
  'source-login': { guarantee: 'The source answers.', expected: 'a session', proof: () => broken(message, remedy) },
})

const apart = (source: Session, target: Session): Guarantees => ({
  'target-is-not-source': {
    guarantee: 'Target and source are two databases, proved by a lock that only one of them shows.',
    expected: 'two databases',
    proof: async () => {
      try {
        await refuseSameDatabase(source, target)
        return holds()
      } catch (error) {
        if (!(error instanceof VitrineError) || error.code !== 'TARGET_IS_SOURCE') throw error
        return broken(error.detail ?? 'one database', error.remedy)
      }
    },
  },
})
