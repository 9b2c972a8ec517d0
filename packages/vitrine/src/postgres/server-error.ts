/**
 * Turns what a server or the driver reports into one of our codes. A message, a DETAIL or a CONTEXT may quote a row: only the
 * SQLSTATE and names of objects are kept, and the messages of those parts of PostgreSQL that speak of objects alone.
 */
import type { DatabaseError } from 'pg'
import { type ErrorCode, VitrineError } from '../base/errors.ts'
import type { Side } from './settings.ts'

type States = Readonly<Partial<Record<ErrorCode, string>>>

/**
 * SQLSTATEs (PostgreSQL manual, appendix A) by our codes: two characters stand for a class, five for one state, which
 * wins over its class. Every class is listed, so that none becomes QUERY_FAILED by oversight.
 */
const ANYWHERE: States = {
  QUERY_FAILED: '03 0B 0F 0L 0P 0Z 10 23 24 25 26 2B 2D 34 3B 3F 44 54 55 57 XX',
  COPY_PROTOCOL: '08P01 22P03',
  // The connection that brings such an answer is alive: a server behind it failed.
  SERVER_BEHIND_FAILED: '08 HV',
  FUNCTION_FAILED: '09 27 2F 38 39 P0',
  EXPRESSION_FAILED: '22',
  ENCODING_MISMATCH: '22021',
  VALUE_TOO_LONG: '22001',
  VALUE_OUT_OF_RANGE: '22003 23514',
  VALUE_NULL: '23502',
  REFERENCE_BROKEN: '23503',
  KEY_DUPLICATE: '23505',
  CONNECTION_LOST: '25P03 57P01 57P02 57P05',
  // Only the snapshot's transactions have a time limit; "snapshot too old" ends a long run as well.
  SNAPSHOT_TOO_LONG: '25P04 72',
  AUTHENTICATION_FAILED: '28',
  // A replica also answers 57P04 when its primary has dropped the database.
  DATABASE_MISSING: '3D 57P04',
  SERIALIZATION: '40',
  PRIVILEGE_MISSING: '42501',
  RESOURCES_EXHAUSTED: '53',
  TOO_MANY_CONNECTIONS: '53300',
  QUERY_TIMEOUT: '57014',
  CONNECTION_FAILED: '57P03',
  SERVER_DAMAGED: '58 F0 XX001 XX002',
}

/** What differs on the source, where only the publication's queries run. */
const ON_SOURCE: States = {
  EXPRESSION_FAILED: '0A 20 21 54',
  SOURCE_QUERY_FAILED: '25006 42 54001 54011 54023 55',
  REPLICA_CONFLICT: '40001',
  SOURCE_FULL: '53100',
  SOURCE_LOCKED: '55P03',
}

const ON_TARGET: States = {
  QUERY_FAILED: '0A 20 21 42',
  ENCODING_MISMATCH: '22P05',
  TARGET_READ_ONLY: '25006',
  TARGET_FULL: '53100',
  SWITCH_BLOCKED: '55P03',
}

const codesOf = (...lists: readonly States[]): ReadonlyMap<string, ErrorCode> =>
  new Map(
    lists.flatMap((states) =>
      // sound because the keys of a list are codes.
      Object.entries(states).flatMap(([code, text]) =>
        text.split(' ').map((state) => [state, code as ErrorCode] as const),
      ),
    ),
  )

/** The code of each state and class, by side. The reference of errors shows it. */
export const CODES_OF_STATES: Readonly<Record<Side, ReadonlyMap<string, ErrorCode>>> = {
  source: codesOf(ANYWHERE, ON_SOURCE),
  target: codesOf(ANYWHERE, ON_TARGET),
}

/** PostgreSQL's C files whose messages name roles, databases, relations and columns, but never a value. */
const SPEAKS_OF_OBJECTS = new Set(
  `aclchk.c auth.c backend_startup.c dbcommands.c execMain.c miscinit.c nbtutils.c postinit.c postmaster.c proc.c rls.c
  schemacmds.c tablecmds.c`.split(/\s+/),
)
const LONGEST_MESSAGE = 300

/** The server's message, if it cannot quote a row: it comes from one of those files, or from a pooler (no file). */
function wordsOf({ F: file, M: message = '', C: state = '' }: Fields): string | null {
  const isSafe = file === undefined ? /^(?:08|28|3D|53)/.test(state) : SPEAKS_OF_OBJECTS.has(file)
  return isSafe && message !== '' ? quoted(message) : null
}

/** A message as part of a sentence of ours. */
const quoted = (message: string): string =>
  `The server says: ${message.replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE).replace(/\.$/, '')}.`

/** `COPY t, line 3, column siren` ends a CONTEXT; only the column's name is taken. */
const COLUMN_OF_CONTEXT = /^COPY .*, column (\S+)$/m
/** A CONTEXT begins with the function that failed, whatever the language of the server. */
const FUNCTION_OF_CONTEXT = /^[\p{L} ]*PL\/pgSQL[-\p{L}]*(?: \p{L}+)? ([\w$.]+)\(/u

/** What an error response holds, named by the protocol's letters: C, M, F, P, R, t, c, W. */
type Fields = Readonly<Record<string, string | undefined>>

export function serverError(fields: Fields, side: Side): VitrineError {
  const { C: state = '', W: context = '', F: file = '' } = fields
  // Servers name the C routine of an error. Poolers do not, and use this state for every message, none of which holds a row.
  if (state === '08P01' && fields['R'] === undefined) {
    const code = /startup parameter|pooling mode/i.test(fields['M'] ?? '') ? 'POOLER' : 'CONNECTION_FAILED'
    return new VitrineError(code, { place: side, detail: `A pooler says «${fields['M']}».`, cause: fields })
  }
  const codes = CODES_OF_STATES[side]
  // An error raised by a function of the database may hold anything in its fields.
  const isRaised = file.startsWith('pl')
  const column = isRaised ? undefined : (fields['c'] ?? COLUMN_OF_CONTEXT.exec(context)?.[1])
  const where = [isRaised ? undefined : fields['t'], column].filter((part) => part !== undefined).join('.')
  const raiser = FUNCTION_OF_CONTEXT.exec(context)?.[1]
  const details = [
    wordsOf(fields),
    raiser === undefined ? null : `It comes from the function ${raiser} of the database.`,
    `SQLSTATE ${state}.`,
  ]
  return new VitrineError(codes.get(state) ?? codes.get(state.slice(0, 2)) ?? 'QUERY_FAILED', {
    place: where === '' ? side : `${side}: ${where}`,
    sqlState: state,
    detail: details.filter((part) => part !== null).join(' '),
    cause: fields,
  })
}

/** The server's message about a statement that has read no row, and the position in it (1 is the first character); null for other errors. */
export function refusalOf(error: VitrineError): { readonly words: string; readonly position: number } | null {
  if (error.sqlState === undefined) return null
  // sound because an error with a state has the server's answer as its cause.
  const { M: message = '', F: file = '', P: position } = error.cause as Fields
  return file.startsWith('pl') ? null : { words: `${quoted(message)} ${error.detail}`, position: Number(position ?? 0) }
}

/** Errors of the driver and of Node, by code and message; the first that matches. */
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
  if (thrown instanceof Error && 'severity' in thrown) {
    // sound because errors of servers alone have a severity.
    const { code, message, table, column, where, file, position, routine } = thrown as DatabaseError
    const fields = { C: code, M: message, t: table, c: column, W: where, F: file, P: position, R: routine }
    return serverError(fields, side)
  }
  const { code = '', message } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { message: '' }
  const known = BY_TEXT.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1] ?? 'INTERNAL'
  return new VitrineError(known, { place: side, cause: thrown })
}
