/** What the doctor finds: one guarantee, whether it holds, and its repair. Data for `cli/`; made by the doctor's proofs. */
import { randomBytes } from 'node:crypto'
import { type Problem, VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'

/** A failure breaks a promise of the tool; a warning deserves a decision of the team. */
export type Severity = 'failure' | 'warning'

export interface Finding {
  /** Stable, for scripts. */
  readonly name: string
  /** One sentence. */
  readonly guarantee: string
  readonly expected: string
  readonly actual: string
  readonly ok: boolean
  readonly severity: Severity
  /** SQL or a command, one a line; empty when the guarantee holds. */
  readonly repair: string
}

export interface Guarantee {
  readonly name: string
  readonly guarantee: string
  readonly expected: string
}

export const holds = (guarantee: Guarantee, actual = guarantee.expected): Finding =>
  Object.freeze({ ...guarantee, actual, ok: true, severity: 'failure', repair: '' })

export const broken = (
  guarantee: Guarantee,
  actual: string,
  repair: readonly string[],
  severity: Severity = 'failure',
): Finding => Object.freeze({ ...guarantee, actual, ok: false, severity, repair: [...new Set(repair)].join('\n') })

/** Names for a sentence: all of a few, the first of many. */
export function listed(names: readonly string[]): string {
  const shown = 10
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}

/** What the proofs of the reader need to know beside its session. */
export interface ReaderContext {
  readonly publication: Publication
  readonly database: string
  /** Whether `migrate` has made the tables yet. */
  readonly migrated: boolean
}

/** A name that nobody else has. */
export const probeName = (): string => `vitrine_doctor_${randomBytes(4).toString('hex')}`

/** PostgreSQL's answer to somebody without the right (appendix A of its manual). */
export const REFUSED = '42501'
/** No table, no schema: there is nothing to read or to write there. */
export const ABSENT: readonly string[] = ['42P01', '3F000']

/**
 * Tries a statement inside the open transaction and undoes it. Gives null when the server did it, else the SQLSTATE of its
 * answer. Throws when the server gave no answer.
 */
export async function attempt(session: Session, sql: string): Promise<string | null> {
  try {
    await session.execute(`savepoint vitrine_attempt; ${sql}`)
    return null
  } catch (error) {
    if (!(error instanceof VitrineError) || error.sqlState === undefined || error.code === 'CONNECTION_LOST')
      throw error
    return error.sqlState
  } finally {
    await session
      .execute('rollback to savepoint vitrine_attempt; release savepoint vitrine_attempt')
      .catch(() => undefined)
  }
}

/** In a transaction that is always rolled back: a proof leaves nothing behind. */
export async function inVain<T>(session: Session, begin: string, work: () => Promise<T>): Promise<T> {
  await session.execute(begin)
  try {
    return await work()
  } finally {
    await session.execute('rollback').catch(() => undefined)
  }
}

/** Throws DOCTOR_FAILED with every failure. Warnings alone pass. */
export function requireHealthy(findings: readonly Finding[]): void {
  const problems: Problem[] = findings
    .filter(({ ok, severity }) => !ok && severity === 'failure')
    .map(({ name, guarantee, expected, actual, repair }) => ({
      place: name,
      detail: `${guarantee} Expected: ${expected}; found: ${actual}.`,
      remedy: repair,
    }))
  if (problems.length === 0) return
  const detail = problems.length === 1 ? 'One of them.' : `${problems.length} of them.`
  throw new VitrineError('DOCTOR_FAILED', { detail, problems })
}
