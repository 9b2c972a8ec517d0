/**
 * An error of Impact's own work. Its code stands for what happened, what to do, and the exit status; the command line prints its
 * fields. Details contain names, codes and counts, never a row value. The lists of codes are beside the code that throws them.
 */
import type { ExitName } from 'vitrine/run'

export interface ImpactErrorKind {
  readonly what: string
  readonly hint: string
  /** Name of an exit status of the command line, as in Vitrine's own registry. */
  readonly exit: ExitName
  /** The same command may succeed later without any change. */
  readonly retry?: true
}

export interface ImpactErrorFacts {
  /** The migration, table, file or source at fault. */
  readonly place?: string
  readonly detail?: string
  readonly problems?: readonly { readonly place: string; readonly detail: string }[]
  readonly cause?: unknown
}

export class ImpactError<Code extends string = string> extends Error {
  readonly code: Code
  readonly kind: ImpactErrorKind
  readonly place: string | null
  readonly detail: string | null
  readonly problems: NonNullable<ImpactErrorFacts['problems']>
  /** PostgreSQL's SQLSTATE, five characters, when a server gave one. */
  readonly sqlState: string | null

  constructor(code: Code, kind: ImpactErrorKind, { place, detail, problems = [], cause }: ImpactErrorFacts) {
    const server: Readonly<Record<string, unknown>> = { ...(typeof cause === 'object' ? cause : null) }
    const sqlState = typeof server['code'] === 'string' && /^[0-9A-Z]{5}$/.test(server['code']) ? server['code'] : null
    // Only the names of table and column, because PostgreSQL's own detail quotes rows.
    const { table, column } = server
    const named = typeof table === 'string' && typeof column === 'string' ? `${table}.${column}` : null
    const told = [place, detail ?? named, sqlState && `state ${sqlState}`].filter(Boolean).join(', ')
    super(`${code}: ${kind.what}${told === '' ? '' : ` (${told})`}`)
    this.code = code
    this.kind = kind
    this.place = place ?? null
    this.detail = detail ?? named
    this.problems = problems
    this.sqlState = sqlState
    // PostgreSQL's error may quote a row: it is kept for debuggers, but not enumerable, so that no log prints it.
    Object.defineProperty(this, 'cause', { value: cause, enumerable: false, configurable: true })
  }
}
