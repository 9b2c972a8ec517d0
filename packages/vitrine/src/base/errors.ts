/**
 * The one error class of the tool; its codes are in `error-registry.ts`. An error is data (code, place, detail, remedy); text is
 * made of it late, by `cli/`. Details hold names, types and counts, never a row value and never a secret.
 */

import { codePlaceOf } from './code-place.ts'
import type { ErrorKind } from './error-kinds.ts'
import { ERRORS } from './error-registry.ts'
import type { Remedy } from './remedy.ts'

export type { ErrorKind } from './error-kinds.ts'
export { ERRORS } from './error-registry.ts'
export { EXIT, type ExitName } from './exit.ts'

export type ErrorCode = keyof typeof ERRORS

/** One of the problems that an error lists: `place` names a table, column, variable or flag; `remedy` is what to do there. */
export interface Problem {
  readonly place: string
  readonly detail: string
  readonly remedy?: Remedy
}

export interface ErrorFacts {
  readonly place?: string | undefined
  readonly detail?: string | undefined
  readonly remedy?: Remedy
  readonly problems?: readonly Problem[]
  readonly cause?: unknown
  /** Five characters of PostgreSQL's SQLSTATE, when a server gave one. */
  readonly sqlState?: string | undefined
  /** The status of an HTTP answer that refused the request. */
  readonly httpStatus?: number | undefined
}

/** The only error that the library throws on purpose. `cause` is kept for debuggers and never printed. */
export class VitrineError extends Error {
  override readonly name = 'VitrineError'
  readonly code: ErrorCode
  readonly place: string | undefined
  readonly detail: string | undefined
  readonly remedy: Remedy
  readonly problems: readonly Problem[]
  readonly sqlState: string | undefined
  readonly httpStatus: number | undefined

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(`${code}: ${ERRORS[code].what}${facts.detail ? ` ${facts.detail}` : ''}`)
    this.code = code
    this.place = facts.place
    this.detail = facts.detail
    this.remedy = facts.remedy ?? ERRORS[code].hint
    this.problems = Object.freeze([...(facts.problems ?? [])])
    this.sqlState = facts.sqlState
    this.httpStatus = facts.httpStatus
    // The cause may quote a row (PostgreSQL's DETAIL does): kept out of enumeration so that no logger prints it.
    Object.defineProperty(this, 'cause', { value: facts.cause, enumerable: false, configurable: true })
  }

  get kind(): ErrorKind {
    return ERRORS[this.code]
  }
}

/** Why a signal was aborted: by a fault, which is its reason, or by somebody. */
export const interruptOf = (signal: AbortSignal | undefined, cause?: unknown): VitrineError =>
  signal?.reason instanceof VitrineError ? signal.reason : new VitrineError('INTERRUPTED', { cause })

/** Wraps what was thrown outside any `await`. Its message may hold a row: only the place in the user's code is shown. */
export function faultOf(thrown: unknown): VitrineError {
  if (thrown instanceof VitrineError) return thrown
  const place = codePlaceOf(thrown)
  const isTheirs = place !== null || !(thrown instanceof Error)
  return new VitrineError(isTheirs ? 'CODE_FAILED_LATE' : 'INTERNAL', { place: place ?? undefined, cause: thrown })
}

const KINDS = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, AggregateError, Error]

/** Any thrown value as a VitrineError. An unknown one becomes INTERNAL without its message and its name, which may quote data. */
export function asVitrineError(thrown: unknown): VitrineError {
  if (thrown instanceof VitrineError) return thrown
  const name = KINDS.find((kind) => thrown instanceof kind)?.name ?? typeof thrown
  return new VitrineError('INTERNAL', { detail: `(${name})`, cause: thrown })
}
