/** Tries statements inside a transaction and undoes them: a proof leaves nothing behind. Used by the doctor and by provision. */
import { randomBytes } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'

/** A name that nobody else has. */
export const probeName = (): string => `vitrine_doctor_${randomBytes(4).toString('hex')}`

/** The answer of PostgreSQL to somebody without the right (appendix A of its manual). */
export const REFUSED = '42501'
/** No such table, no such schema: there is nothing to read or to write. */
export const ABSENT: readonly string[] = ['42P01', '3F000']

/**
 * Tries a statement inside the open transaction and undoes it, unless `keep`. Returns null when it succeeded,
 * otherwise the SQLSTATE. Throws when the server did not answer, or when `isAnswer` is false for the state.
 */
export async function probe(
  session: Session,
  sql: string,
  keep = false,
  isAnswer: (sqlState: string) => boolean = () => true,
): Promise<string | null> {
  let undo = 'rollback to savepoint vitrine_probe; '
  try {
    await session.execute(`savepoint vitrine_probe; ${sql}`)
    if (keep) undo = ''
    return null
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code === 'CONNECTION_LOST') throw error
    if (error.sqlState === undefined || !isAnswer(error.sqlState)) throw error
    return error.sqlState
  } finally {
    await session.execute(`${undo}release savepoint vitrine_probe`).catch(() => undefined)
  }
}

/** Names grouped by the server's answer to a statement about each. */
export interface ProbeAnswers {
  readonly refused: string[]
  readonly absent: string[]
  /** With the SQLSTATE. */
  readonly failing: string[]
}

export async function probeEach(
  session: Session,
  names: readonly string[],
  statementOf: (name: string) => string,
): Promise<ProbeAnswers> {
  const answers: ProbeAnswers = { refused: [], absent: [], failing: [] }
  for (const name of names) {
    const state = await probe(session, statementOf(name))
    if (state === null) continue
    if (state === REFUSED) answers.refused.push(name)
    else if (ABSENT.includes(state)) answers.absent.push(name)
    else answers.failing.push(`${name} (SQLSTATE ${state})`)
  }
  return answers
}

/** In a transaction that is always rolled back. */
export async function undone<T>(session: Session, begin: string, work: () => Promise<T>): Promise<T> {
  await session.begin(begin)
  try {
    return await work()
  } finally {
    await session.execute('rollback').catch(() => undefined)
  }
}
