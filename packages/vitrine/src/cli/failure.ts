/**
 * Turns any thrown value into data, then into text or the object of `--json`. The only place where the
 * text of an error is made. Messages of foreign errors are dropped: they may quote a row or a password.
 */
import { asVitrineError, type ExitName, type Problem } from '../base/errors.ts'
import { type CommandNames, remedyText } from '../base/remedy.ts'

/** One of the problems that an error lists: `place` names a table, column, variable or flag. */
export interface FailureProblem {
  readonly place: string
  readonly detail: string
  readonly remedy?: string
}

export interface Failure {
  readonly code: string
  readonly what: string
  readonly place: string | null
  readonly detail: string | null
  readonly sqlState: string | null
  readonly problems: readonly FailureProblem[]
  /** What to do; several lines when it is SQL to paste. */
  readonly remedy: string
  readonly exit: ExitName
  /** Whether the same command can succeed later without any change. */
  readonly retry: boolean
}

/** Turns errors of another package into a failure; null for those that it does not know. */
export type Explain = (thrown: unknown) => Failure | null

/** `names`: how the program calls the commands that remedies name. */
export function failureOf(thrown: unknown, explain: Explain, names?: CommandNames): Failure {
  const explained = explain(thrown)
  if (explained !== null) return explained
  const error = asVitrineError(thrown)
  const { what, exit, retry } = error.kind
  return Object.freeze({
    code: error.code,
    what,
    place: error.place ?? null,
    detail: error.detail ?? null,
    sqlState: error.sqlState ?? null,
    problems: error.problems.map((problem) => problemText(problem, names)),
    remedy: remedyText(error.remedy, names),
    exit,
    retry,
  })
}

export const problemText = ({ place, detail, remedy }: Problem, names?: CommandNames): FailureProblem =>
  remedy === undefined ? { place, detail } : { place, detail, remedy: remedyText(remedy, names) }

/** Replaces control characters: a name from a database must not control the terminal. */
const visible = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '�')

const indented = (text: string, by: string): string => text.replaceAll('\n', `\n${by}`)

/** The text for a person: code and what happened, where, each problem with its remedy, what to do. */
export function failureText(failure: Failure): string {
  const { code, what, place, detail, sqlState, problems, remedy } = failure
  const state = sqlState === null || detail?.includes(sqlState) ? null : `SQLSTATE ${sqlState}.`
  const lines = [[`error ${code}:`, what, detail, state].filter((part) => part !== null && part !== '').join(' ')]
  if (place !== null) lines.push(`  where: ${place}`)
  for (const problem of problems) {
    lines.push(`  - ${problem.place}: ${indented(problem.detail, '    ')}`)
    if (problem.remedy !== undefined) lines.push(`    → ${indented(problem.remedy, '      ')}`)
  }
  lines.push(`  what to do: ${remedy.includes('\n') ? `\n    ${indented(remedy, '    ')}` : remedy}`)
  return `${visible(lines.join('\n'))}\n`
}

/** The object that `--json` prints instead of a result. Its shape is part of the interface of the command line. */
export const failureJson = (failure: Failure): { readonly error: Failure } => ({ error: failure })
