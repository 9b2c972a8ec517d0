/** A range of a table's blocks, as a condition on where rows stand (`ctid`). Every row is in one range, whatever it holds. */
import { AndNode, ParensNode, RawNode, type SelectQueryNode, WhereNode } from 'kysely'
import { identifier } from '../sql/quote.ts'

export interface Range {
  /** Of the relation in the query. */
  readonly alias: string
  /** The first block. */
  readonly from: number
  /** The first block of the next range; null for the last, to which belongs what the table may have grown by. */
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
