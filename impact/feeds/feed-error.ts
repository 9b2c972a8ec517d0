/** The errors of a whole feed, thrown by `syncEgapro` and `syncBges`. A failure for one company is a row, not an error. */
import { ImpactError, type ImpactErrorFacts, type ImpactErrorKind } from '../database/impact-error.ts'
import type { RaisonReleve } from './raisons.ts'

const KEPT = 'The facts of the last successful fetch are kept.'

export const FEED_ERRORS = {
  FEED_SETTINGS_INVALID: {
    what: 'Some settings of the feed are wrong.',
    hint: 'Correct each one listed; nothing was asked.',
    exit: 'usage',
  },
  FEED_NOT_MIGRATED: {
    what: 'The operational database has no table for the facts of the external sources.',
    hint: 'Run `impact migrate` first.',
    exit: 'drift',
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
  },
  FEED_SHRUNK: {
    what: `The source lost more facts than it may from one fetch to the next. ${KEPT}`,
    hint: 'Check the source; if the loss is real, accept it once with --max-loss 1.',
    exit: 'data',
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
  },
} as const satisfies Record<string, ImpactErrorKind>

export type FeedErrorCode = keyof typeof FEED_ERRORS

export class FeedError extends ImpactError<FeedErrorCode> {
  override readonly name = 'FeedError'
  /** The reason recorded in `feeds_releve`; null when the source is not at fault. */
  readonly raison: RaisonReleve | null

  constructor(code: FeedErrorCode, facts: ImpactErrorFacts & { readonly raison?: RaisonReleve } = {}) {
    super(code, FEED_ERRORS[code], facts)
    this.raison = facts.raison ?? null
  }
}
