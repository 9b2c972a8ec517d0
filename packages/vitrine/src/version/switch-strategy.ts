/** What the two ways of switching versions have in common. */
import type { Target } from '../catalogue/target.ts'
import type { OwnRelation } from '../record/made.ts'
import { literal, qualified } from '../sql/quote.ts'

/** Prefixes a statement with a lock timeout, so that all waits of one try together stay within the limit. */
export type Bounded = (statement: string) => readonly string[]

/** Which of the leaving tables are held until the commit: all together, each that nobody keeps, or none. */
export type Holding = 'all' | 'each' | 'none'

export interface SwitchStrategy {
  /** Relations that it locks, by their qualified names of before the switch. */
  readonly locked: readonly string[]
  /** When all published tables are locked until the commit: in every try, or only in tries that wait for nobody. */
  readonly holds: 'always' | 'when quiet'
  /** The statements of one try, sent together with the commit. Those that make new readers wait come last. */
  readonly statements: (holding: Holding, bounded: Bounded) => Promise<readonly string[]>
}

/**
 * PostgreSQL hides statistics of a table with row security from everybody but its owner. So a retired version
 * gets row security at the switch, and may keep the rights by which earlier listings still find its tables. Our tables
 * have none before: a run refuses tables on which somebody set it.
 */
export const hideRows = (schema: string, relations: readonly OwnRelation[]): readonly string[] =>
  rowSecurity('enable', schema, relations)

/** The same for each table that nobody uses: a reader between its look-up and its first row holds a lock on its table. */
export const hideEach = (schema: string, relations: readonly OwnRelation[]): readonly string[] =>
  relations.flatMap((relation) =>
    hideRows(schema, [relation]).map((hide) => {
      const lock = `lock table ${qualified(schema, relation.name)} in access exclusive mode nowait`
      return `do ${literal(`begin ${lock}; ${hide}; exception when lock_not_available then null; end`)}`
    }),
  )

/** Removes row security from the tables of a version that comes back, in their new schema. */
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
