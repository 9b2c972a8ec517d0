/**
 * What both feeds share around their fetch: the check of the tables, the lock, the record of a failure, and the
 * types for callers. Called by `egapro.ts` and `bges.ts`.
 */
import type { ClientBase } from 'pg'
import { type Clock, systemClock } from 'vitrine/run'
import { assertMigrated, closeGathering, type Feed, openGathering, recordFailure, withFeedLock } from './facts-store.ts'
import { FeedError } from './feed-error.ts'
import { NoAnswer } from './http.ts'
import type { CommonSettings } from './options.ts'
import type { RaisonFait } from './raisons.ts'

export interface FeedProgress {
  readonly feed: Feed
  readonly phase: 'fetch' | 'replace'
  readonly unit: 'companies' | 'bytes'
  readonly done: number
  /** Null when the source does not announce it. */
  readonly total: number | null
}

/** What a feed needs from its caller, besides settings. */
export interface FeedContext {
  /** Connected to the operational database, without open transaction, and not used by anything else. */
  readonly client: ClientBase
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FeedProgress) => void
  readonly clock?: Clock
}

export interface FeedSummary {
  readonly feed: Feed
  /** The year asked about; null for BGES. */
  readonly annee: number | null
  /** Nothing was written. */
  readonly dryRun: boolean
  /** Number of companies asked about: the sum of `known`, `absent` and all of `unknown`. */
  readonly asked: number
  readonly known: number
  readonly absent: number
  /** Number of companies per reason, without reasons that did not occur. */
  readonly unknown: Readonly<Partial<Record<RaisonFait, number>>>
  /** Companies that were not asked about because their answer was already known. */
  readonly kept: number
  /** Rows of the source's table afterwards; for a dry run, those that it would have. */
  readonly rows: number
  /** Lines of the BGES file without a siren, which concern no company. */
  readonly ignoredRows: number
  /** Number of HTTP calls, including retries. */
  readonly calls: number
  readonly milliseconds: number
}

export interface FeedRun {
  readonly feed: Feed
  readonly client: ClientBase
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly startedAt: Date
  readonly dryRun: boolean
  progress(phase: FeedProgress['phase'], done: number, total: number | null): void
  /** Milliseconds since the start. */
  elapsed(): number
}

/** Throws FeedError; records the failure, except in a dry run or when the source is not at fault. */
export async function runFeed(
  feed: Feed,
  context: FeedContext,
  settings: Pick<CommonSettings, 'dryRun' | 'validDays'>,
  work: (run: FeedRun) => Promise<FeedSummary>,
): Promise<FeedSummary> {
  const { client, onProgress, clock = systemClock } = context
  const { dryRun, validDays } = settings
  const start = clock.monotonicMs()
  const unit = feed === 'egapro' ? 'companies' : 'bytes'
  const run: FeedRun = {
    feed,
    client,
    clock,
    dryRun,
    signal: context.signal ?? new AbortController().signal,
    startedAt: clock.now(),
    progress: (phase, done, total) => onProgress?.({ feed, phase, unit, done, total }),
    elapsed: () => clock.monotonicMs() - start,
  }
  await assertMigrated(client)
  return withFeedLock(client, feed, async () => {
    try {
      if (!dryRun) await openGathering(client, feed)
      return await work(run)
    } catch (thrown) {
      const error = asFeedError(feed, thrown, run.signal)
      // The caller must get this error, even when it cannot be recorded.
      if (!dryRun && error.raison !== null) {
        const failure = { raison: error.raison, at: clock.now(), validDays }
        await recordFailure(client, feed, failure).catch(() => undefined)
      }
      throw error
    } finally {
      if (!dryRun) await closeGathering(client, feed).catch(() => undefined)
    }
  })
}

function asFeedError(feed: Feed, thrown: unknown, signal: AbortSignal): FeedError {
  // After an interruption, running calls fail with various errors.
  if (signal.aborted) return new FeedError('FEED_INTERRUPTED')
  if (thrown instanceof FeedError) return thrown
  if (thrown instanceof NoAnswer) {
    return new FeedError('FEED_UNAVAILABLE', { place: feed, detail: thrown.raison, raison: thrown.raison })
  }
  throw thrown
}
