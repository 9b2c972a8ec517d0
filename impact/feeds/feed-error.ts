/**
 * The errors of a whole feed: code → what happened, what to do, how a command should end. They are data, with the fields
 * that the command line renders; details hold names, codes and counts, never a row value. A single company's failure is
 * not an error but a row. Thrown by `syncEgapro` and `syncBges`.
 */
import type { ExitName } from 'vitrine/run'
import type { RaisonReleve } from './raisons.ts'

export interface FeedErrorKind {
  readonly what: string
  readonly hint: string
  /** Name of an exit status of the command line, as in Vitrine's own registry. */
  readonly exit: ExitName
  readonly retry: boolean
}

const KEPT = 'The facts of the last successful fetch are kept.'

export const FEED_ERRORS = {
  FEED_SETTINGS_INVALID: {
    what: 'Some settings of the feed are wrong.',
    hint: 'Correct each one listed; nothing was asked.',
    exit: 'usage',
    retry: false,
  },
  FEED_NOT_MIGRATED: {
    what: 'The operational database has no table for the facts of the external sources.',
    hint: 'Run `impact migrate` first.',
    exit: 'drift',
    retry: false,
  },
  FEED_BUSY: {
    what: 'Another fetch of this source is running.',
    hint: 'Wait for its end; two would ask the source twice as fast as agreed.',
    exit: 'busy',
    retry: true,
  },
  FEED_UNAVAILABLE: {
    what: `The source gave no usable answer. ${KEPT}`,
    hint: 'See the reasons; try again when the source is back.',
    exit: 'connection',
    retry: true,
  },
  FEED_TOO_MANY_UNKNOWN: {
    what: `Too many companies got no usable answer. ${KEPT}`,
    hint: 'Try again when the source is back, or allow a larger share with --max-unknown.',
    exit: 'data',
    retry: true,
  },
  FEED_CONTENT_INVALID: {
    what: `The source answered with a content that is not the agreed one. ${KEPT}`,
    hint: 'Look at the file at the place named; if its format changed for good, the reading must be adapted.',
    exit: 'data',
    retry: false,
  },
  FEED_SHRUNK: {
    what: `The source lost more facts than it may from one fetch to the next. ${KEPT}`,
    hint: 'Check the source; if the loss is real, accept it once with --max-loss 1.',
    exit: 'data',
    retry: false,
  },
  FEED_TOO_SLOW: {
    what: `The fetch did not end in the time it may take. ${KEPT}`,
    hint: 'Allow more with --max-minutes; for EgaPro, --only-missing asks less.',
    exit: 'connection',
    retry: true,
  },
  FEED_INTERRUPTED: {
    what: `The fetch was interrupted. ${KEPT}`,
    hint: 'Run it again.',
    exit: 'interrupted',
    retry: true,
  },
  FEED_DATABASE_FAILED: {
    what: `The operational database refused the facts. ${KEPT}`,
    hint: 'See the state: 42501 asks for rights on the tables feeds_*, 55P03 says that another session holds them.',
    exit: 'data',
    retry: false,
  },
} as const satisfies Record<string, FeedErrorKind>

export type FeedErrorCode = keyof typeof FEED_ERRORS

export interface FeedProblem {
  readonly place: string
  readonly detail: string
}

export interface FeedErrorFacts {
  readonly place?: string
  readonly detail?: string
  readonly problems?: readonly FeedProblem[]
  /** What `feeds_releve` keeps of it; absent when the source is not at fault. */
  readonly raison?: RaisonReleve
  readonly cause?: unknown
}

export class FeedError extends Error {
  override readonly name = 'FeedError'
  readonly code: FeedErrorCode
  readonly place: string | null
  readonly detail: string | null
  readonly problems: readonly FeedProblem[]
  readonly raison: RaisonReleve | null
  /** PostgreSQL's SQLSTATE, five characters, when a server gave one. */
  readonly sqlState: string | null

  constructor(code: FeedErrorCode, facts: FeedErrorFacts = {}) {
    const sqlState = sqlStateOf(facts.cause)
    const told = [facts.place, facts.detail, sqlState && `state ${sqlState}`].filter(Boolean).join(', ')
    super(`${code}: ${FEED_ERRORS[code].what}${told === '' ? '' : ` (${told})`}`)
    this.code = code
    this.place = facts.place ?? null
    this.detail = facts.detail ?? null
    this.problems = Object.freeze([...(facts.problems ?? [])])
    this.raison = facts.raison ?? null
    this.sqlState = sqlState
    // The server's own error may quote a row: kept for a debugger, out of every enumeration.
    Object.defineProperty(this, 'cause', { value: facts.cause, enumerable: false, configurable: true })
  }

  get kind(): FeedErrorKind {
    return FEED_ERRORS[this.code]
  }
}

function sqlStateOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return null
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : null
}
