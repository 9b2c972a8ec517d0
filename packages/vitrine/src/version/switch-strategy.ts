/** What the two ways of switching versions have in common. */
import type { Target } from '../catalogue/target.ts'
import type { OwnRelation } from '../record/made.ts'
import { qualified } from '../sql/quote.ts'

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

/**
 * Statistics show no table under row security to others than its owner, whatever rights they have. So a version that leaves
 * has it from the switch on, and may keep the rights by which a listing that began before still finds its tables. No table
 * that we built has it before: a run refuses what somebody gave to one.
 */
export const hideRows = (schema: string, relations: readonly OwnRelation[]): readonly string[] =>
  rowSecurity('enable', schema, relations)

/** For the tables of a version that comes back, under the schema that they are in then. Those that could not be held have none. */
export async function showRows({ session }: Target, schema: string, relations: readonly OwnRelation[]) {
  const hidden = await session.query<{ oid: string }>(
    'select oid::text from pg_catalog.pg_class where relrowsecurity and oid = any ($1::oid[])',
    [relations.map(({ oid }) => oid)],
  )
  const isHidden = new Set(hidden.map(({ oid }) => oid))
  return rowSecurity(
    'disable',
    schema,
    relations.filter(({ oid }) => isHidden.has(oid)),
  )
}

const rowSecurity = (change: 'enable' | 'disable', schema: string, relations: readonly OwnRelation[]) =>
  relations
    .filter(({ kind, built }) => kind === 'r' && built)
    .map(({ name }) => `alter table ${qualified(schema, name)} ${change} row level security`)
