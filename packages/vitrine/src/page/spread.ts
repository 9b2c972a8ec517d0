/** How the values of a published column are spread, as numbers alone, asked as the reader and bounded. */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'

export interface Spread {
  readonly rows: number
  readonly filled: number
  readonly distinct: number
  readonly lowest: string | null
  readonly highest: string | null
}

/** So many rows are looked at. */
export const SPREAD_ROWS = 100_000

const ORDERED = /^(?:smallint|integer|bigint|numeric|real|double precision|date|timestamp|timestamptz)$/

/** The smallest group that may be told of: more than one where rows are persons, or where the table tells of none smaller. */
export const smallestIn = ({ persons }: Publication, { name, kAnonymous }: PublishedTable): number =>
  Math.max(persons.tables.includes(name) ? Math.max(persons.smallest, 5) : 1, kAnonymous?.k ?? 1)

/**
 * Null where a number would tell of a small group. The lowest and the highest value are told of open numbers and dates alone,
 * in tables whose rows are no persons: each may be the value of one row.
 */
export async function spreadOf(
  session: Session,
  publication: Publication,
  table: PublishedTable,
  { name, type, isPrimaryKey }: PublishedColumn,
  isOpen: boolean,
): Promise<Spread | null> {
  const smallest = smallestIn(publication, table)
  const hasEnds = isOpen && smallest === 1 && !isPrimaryKey && !type.array && ORDERED.test(type.kind)
  const ends = hasEnds ? 'min(x)::text as lowest, max(x)::text as highest' : 'null as lowest, null as highest'
  const [spread] = await session.query<Spread>(
    `select count(*)::float8 as rows, count(x)::float8 as filled, count(distinct x::text)::float8 as distinct, ${ends}
     from (select ${identifier(name)} as x from ${qualified(publication.schema, table.name)} limit ${SPREAD_ROWS}) as looked`,
  )
  if (spread === undefined) return null
  const { rows, filled } = spread
  return [filled, rows - filled].some((group) => group > 0 && group < smallest) ? null : spread
}
