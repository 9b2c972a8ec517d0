/** What the two ways of switching versions have in common. */

/** Puts a bound in front of a statement, so that all waits of a try together stay within it. */
export type Bounded = (statement: string) => readonly string[]

export interface SwitchStrategy {
  /** Relations that it locks, by their qualified names of before the switch. */
  readonly locked: readonly string[]
  /** Whether all published tables are held until the commit: in every try, or in those that wait for nobody. */
  readonly holds: 'always' | 'when quiet'
  /** In its transaction, the statements of one try but for the commit, sent with it at once. What new readers wait behind stands last. */
  readonly statements: (quiet: boolean, bounded: Bounded) => Promise<readonly string[]>
}
