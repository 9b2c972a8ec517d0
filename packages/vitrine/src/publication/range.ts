/** A range of a table's blocks, as a condition on the physical place of rows (`ctid`). Each row is in exactly one range. */
import { AndNode, ParensNode, RawNode, type SelectQueryNode, WhereNode } from 'kysely'
import { identifier } from '../sql/quote.ts'

export interface Range {
  /** The alias of the relation in the query. */
  readonly alias: string
  /** The first block. */
  readonly from: number
  /** The first block of the next range; null for the last one, which also takes the blocks that the table grew by. */
  readonly to: number | null
}

export function rangeSql({ alias, from, to }: Range): string {
  const place = `${identifier(alias)}.ctid`
  const block = (number: number) => `cast('(${number},0)' as pg_catalog.tid)`
  const bounds = to === null ? [] : [`${place} < ${block(to)}`]
  return [`${place} >= ${block(from)}`, ...bounds].join(' and ')
}

/** The query for the rows of that range alone. */
export function rangedQuery(query: SelectQueryNode, range: Range): SelectQueryNode {
  const inRange = ParensNode.create(RawNode.createWithSql(rangeSql(range)))
  const where = query.where === undefined ? inRange : AndNode.create(ParensNode.create(query.where.where), inRange)
  return Object.freeze({ ...query, where: WhereNode.create(where) })
}
