/** Every limit of the tool, named with its unit. Each can be given in the publication's `limits` or is justified here. */

const DEFAULTS = {
  /**
   * Parallel tables, or ranges of large ones, from 1 to 16: on two cores a third stream gains nothing (the target's CPU is the
   * limit). At its peak a run has `streams` + 1 sessions on the source and on the target, plus one on the target
   * for tables that are carried over.
   */
  copyStreams: 2,
  /**
   * A table at least twice this size on the source (TOAST included) is read by ranges of at least this size,
   * if its query allows it: `statementTimeoutMs` then bounds each range, and idle streams
   * help. At 100 MB/s a range takes ten seconds. 0 reads each table by one statement.
   */
  rangeMegabytes: 1_024,
  /** How often a table is staged within one run: again, from the same snapshot, when its connections alone were lost. */
  tableTries: 3,
  connectTimeoutMs: 10_000,
  /**
   * A run gives its snapshot of the source back within this time, or gives up. As long as it is held, the source keeps every
   * row version that has gone since: its tables grow, and a replica falls behind its primary or cancels us.
   */
  snapshotLimitMs: 30 * 60_000,
  /**
   * When a server owes us an answer and is silent for this long, another session asks whether it still works
   * for us. A lost host is noticed within this time, by both sides.
   */
  silenceMs: 60_000,
  /** How often a server checks, during a statement, whether we are still connected: a dead run keeps its lock no longer than this. */
  orphanCheckMs: 2_000,
  /**
   * How long the switch may wait for its locks at each try, all together; new readers never wait longer than this behind us.
   * Below the server's deadlock_timeout (1 s), so that a wait for each other is ended here and not in the reader.
   */
  switchLockTimeoutMs: 100,
  /** Tries to hold all published tables for the instant of the switch, before it goes on without. */
  switchQuietTries: 20,
  switchQuietPauseMs: 25,
  /**
   * 1 holds the tables although a hot standby follows the target: say so when nobody reads the standby. It replays the locks, and ends
   * readers of its own by "deadlock detected".
   */
  holdWithStandby: 0,
  /**
   * Listings of the catalogue that run across a switch still find every table if they last at most this long; for this long,
   * the information schema shows tables of both versions under the names that they share.
   */
  listingsEndWithinMs: 2_000,
  switchTries: 50,
  switchPauseMs: 200,
  /** A statement on either side may not run longer than this; to load a table that is read by ranges, this long for each range. */
  statementTimeoutMs: 30 * 60_000,
  /** Statement timeout given to the reader role. */
  readerStatementTimeoutMs: 5 * 60_000,
  readerIdleTimeoutMs: 10 * 60_000,
  /** Share of its rows that a table may lose from one version to the next, from `shrinkFloorRows` rows on. */
  shrinkShare: 0.2,
  shrinkFloorRows: 50,
  /** A category may gain or lose this share of a table's rows from one version to the next without a warning. */
  figureShare: 0.15,
  /** Tables above this many rows are not compared row by row with the version before: the comparison costs a join. */
  differenceRows: 500_000,
  /** A table below this many rows is always read whole: looking for what changed would gain nothing. */
  deltaFloorRows: 10_000,
  /**
   * A table of which a larger share of rows has changed is read whole. Reading it whole costs more CPU
   * below a tenth, but above this share scattered changes write more WAL: one full page for each page touched.
   */
  deltaShare: 0.03,
  /** Every so many nights a table is read whole and its delta is proved to give the same rows; 1 reads every table whole each night. */
  deltaProofNights: 7,
  /**
   * How long a run waits for transactions that began before its changes were applied to the kept version: they would
   * still see the old rows. After that the run fails, and the next one reads the tables whole.
   */
  deltaWaitMs: 5 * 60_000,
  /** Between due times, no table of more rows is read whole: `follow` waits until it can read what changed in it. */
  followRows: 100_000,
  /** Versions kept besides the published one, for `rollback`: 1, or 0 to give their disk space back at once. */
  versionsKept: 1,
  /** Runs kept in the bookkeeping. */
  runsKept: 1_000,
  /** How long after its due time a run may publish before its absence is reported. */
  staleAfterMinutes: 60,
  /** How often the schedule may try in vain for one due time. With the pauses below, the tries take three hours. */
  retryTries: 12,
  /** The pause after the first failure; it doubles with each one after it, up to the longest. */
  retryFirstMs: 30_000,
  retryLongestMs: 30 * 60_000,
  /** Timeout of each try to deliver an alarm or a sign of life. */
  deliveryTimeoutMs: 10_000,
  deliveryTries: 3,
  deliveryPauseMs: 1_000,
  /** Timeout of each request to Metabase; and how often a request is repeated while Metabase is overloaded or restarting. */
  metabaseTimeoutMs: 30_000,
  metabaseTries: 4,
  /** The pause before another request; it doubles with each. A longer one that Metabase asks for is kept, up to 30 s. */
  metabasePauseMs: 500,
  /** How long Metabase may take until it sees what is published, and how often it is asked. */
  metabaseSyncMs: 10 * 60_000,
  metabaseAskMs: 2_000,
  /** What one answer of Metabase may hold, unpacked: its list of thousands of questions has some tens of MB. */
  metabaseAnswerBytes: 256 * 1024 * 1024,
}

export type Limits = {
  readonly [Name in keyof typeof DEFAULTS]: Name extends 'versionsKept' | 'holdWithStandby' ? 0 | 1 : number
}

export const DEFAULT_LIMITS: Limits = Object.freeze({ ...DEFAULTS, versionsKept: 1, holdWithStandby: 0 })

/** Each stream is a session on both servers, and servers have a hundred by default. */
const MOST_STREAMS = 16

/** What a timer of the runtime and an integer of PostgreSQL can hold. */
export const LONGEST_MS = 2 ** 31 - 1
/** Limits that must be at least 1: zero would mean an endless wait, or a record without its newest run. */
const FROM_ONE: readonly string[] = [
  'connectTimeoutMs',
  'snapshotLimitMs',
  'silenceMs',
  'switchLockTimeoutMs',
  'tableTries',
  'runsKept',
  'deltaProofNights',
  'deliveryTimeoutMs',
  'metabaseTimeoutMs',
  'metabaseAskMs',
  'metabaseAnswerBytes',
]

/** For `check`: the names of limits, and what is wrong with each. */
export const limitProblems = (limits: Limits) =>
  Object.entries<number>({ ...limits }).flatMap(
    ([name, value]): readonly (readonly [name: string, detail: string])[] => {
      if (!Number.isFinite(value) || value < 0) return [[name, 'it must be a number that is not negative']]
      const whole = !name.endsWith('Share')
      if (whole && !Number.isInteger(value)) return [[name, 'it must be a whole number']]
      if (name.endsWith('Ms') && value > LONGEST_MS) return [[name, `it must be at most ${LONGEST_MS}, some 24 days`]]
      if (FROM_ONE.includes(name) && value < 1) return [[name, 'it must be a whole number from 1 on']]
      if (name !== 'copyStreams' || (Number.isInteger(value) && value >= 1 && value <= MOST_STREAMS)) return []
      return [[name, `it must be a whole number from 1 to ${MOST_STREAMS}`]]
    },
  )
