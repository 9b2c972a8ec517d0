/**
 * Turns what a server or the driver reports into one of our codes. Only the SQLSTATE and names of objects are kept: a
 * message, a DETAIL or a CONTEXT may quote the row.
 */
import pg from 'pg'
import { type ErrorCode, VitrineError } from '../base/errors.ts'
import type { Side } from './settings.ts'

/** SQLSTATE to code (PostgreSQL manual, appendix A). A class of two characters stands for all its states. */
const BY_STATE: Readonly<Record<string, ErrorCode>> = {
  '08': 'CONNECTION_LOST',
  '08P01': 'COPY_PROTOCOL',
  '22P03': 'COPY_PROTOCOL',
  '22001': 'VALUE_TOO_LONG',
  '22003': 'VALUE_OUT_OF_RANGE',
  '22': 'VALUE_OUT_OF_RANGE',
  '23502': 'VALUE_NULL',
  '23503': 'REFERENCE_BROKEN',
  '23505': 'KEY_DUPLICATE',
  '23514': 'VALUE_OUT_OF_RANGE',
  '25P03': 'CONNECTION_LOST',
  // Only the snapshot's transactions have such a limit.
  '25P04': 'SNAPSHOT_TOO_LONG',
  '28': 'AUTHENTICATION_FAILED',
  '3D000': 'DATABASE_MISSING',
  '40': 'SERIALIZATION',
  '42501': 'PRIVILEGE_MISSING',
  '53100': 'TARGET_FULL',
  '53300': 'TOO_MANY_CONNECTIONS',
  '53': 'RESOURCES_EXHAUSTED',
  '55P03': 'SWITCH_BLOCKED',
  '57014': 'QUERY_TIMEOUT',
  '57P01': 'CONNECTION_LOST',
  '57P02': 'CONNECTION_LOST',
  '57P03': 'CONNECTION_FAILED',
  // Also what a replica says whose primary has dropped the database.
  '57P04': 'DATABASE_MISSING',
  '57P05': 'CONNECTION_LOST',
}

/** States that mean another thing on the source, where we only read: 40001 there is a conflict with a replica's recovery. */
const ON_SOURCE: Readonly<Record<string, ErrorCode>> = {
  '40001': 'REPLICA_CONFLICT',
  '53100': 'SOURCE_FULL',
  '55P03': 'SOURCE_LOCKED',
}

const codeOfState = (state: string): ErrorCode => BY_STATE[state] ?? BY_STATE[state.slice(0, 2)] ?? 'QUERY_FAILED'

/** `COPY t, line 3, column siren` ends a CONTEXT; only the column's name is taken. */
const COLUMN_OF_CONTEXT = /^COPY .*, column (\S+)$/m

/** An error response as a VitrineError. `fields` are named by the protocol's letters: C, t, c, W. */
export function serverError(fields: Readonly<Record<string, string | undefined>>, side: Side): VitrineError {
  const state = fields['C'] ?? ''
  const column = fields['c'] ?? COLUMN_OF_CONTEXT.exec(fields['W'] ?? '')?.[1]
  const where = [fields['t'], column].filter((part) => part !== undefined).join('.')
  return new VitrineError((side === 'source' ? ON_SOURCE[state] : undefined) ?? codeOfState(state), {
    place: where === '' ? side : `${side}: ${where}`,
    sqlState: state,
    detail: `SQLSTATE ${state}.`,
    cause: fields,
  })
}

/** What the driver and Node say themselves, by code and message; the first that fits. */
const BY_TEXT: readonly (readonly [pattern: RegExp, code: ErrorCode])[] = [
  [/Connection terminated|not queryable|closed/i, 'CONNECTION_LOST'],
  [/ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|timeout expired|connect/i, 'CONNECTION_FAILED'],
  // The limit of `answerWithinMs`.
  [/Query read timeout/, 'CONNECTION_SILENT'],
  [/ECONNRESET|EPIPE|socket/i, 'CONNECTION_LOST'],
]

/** Anything that the driver threw, as a VitrineError. */
export function fromDriver(thrown: unknown, side: Side): VitrineError {
  if (thrown instanceof VitrineError) return thrown
  if (thrown instanceof pg.DatabaseError) {
    const { code, table, column, where } = thrown
    return serverError({ C: code, t: table, c: column, W: where }, side)
  }
  const { code = '', message } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { message: '' }
  const known = BY_TEXT.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1] ?? 'INTERNAL'
  return new VitrineError(known, { place: side, cause: thrown })
}
