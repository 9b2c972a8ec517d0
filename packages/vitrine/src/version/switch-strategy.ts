/** What the two ways of switching versions have in common: what a try is, and the bound on its waits. */

/** Puts a bound in front of a statement, so that all waits of a try together stay within it. */
export type Bounded = (statement: string) => readonly string[]

export interface SwitchStrategy {
  /** Relations that it locks, by their qualified names of before the switch. */
  readonly locked: readonly string[]
  /** Whether all published tables are held until the commit: in every try, or in those that wait for nobody. */
  readonly holds: 'always' | 'when quiet'
  /** The statements of one try but for the commit, sent with it at once. What new readers wait behind stands last. */
  readonly attempt: (quiet: boolean, bounded: Bounded) => readonly string[]
}

/**
 * PostgreSQL's lock_timeout is for one lock. Several in a row would add up, and new readers of the first would wait for all:
 * before each statement it is set to what is left since the message was received.
 */
export const boundedWithin =
  (milliseconds: number): Bounded =>
  (statement) => [
    `select set_config('lock_timeout', greatest(1, ${milliseconds} - (extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::integer)::text, true)`,
    statement,
  ]
