/** `from(query).publish(name, comment, columns)`: a published table as frozen data. Nothing is read or sent here. */
import { type ExpressionBuilder, expressionBuilder, type SelectQueryNode } from 'kysely'
import type { Column, ColumnDefinition } from './column.ts'
import type { Computed } from './compute.ts'
import type { SourceQuery } from './register.ts'

export interface PublishedColumn extends ColumnDefinition {
  readonly name: string
}

export interface PublishedTable {
  readonly name: string
  readonly comment: string
  /** The source query without its selection. */
  readonly query: SelectQueryNode
  readonly columns: readonly PublishedColumn[]
  /** Rows for which this is not true are not published; null publishes every row of the query. */
  readonly keep: Computed<boolean> | null
}

type Decided = Column<'not null'> | Column<'nullable'>
export type Columns = Readonly<Record<string, Decided>>

export interface KeptRows {
  readonly keep: Computed<boolean>
  readonly columns: Columns
}

/** Publishes only the rows for which a rule says true; the rule may be the one behind the columns. */
export function keepWhere(keep: Computed<boolean>, columns: Columns): KeptRows {
  return Object.freeze({ keep, columns })
}

const isKeptRows = (given: Columns | KeptRows): given is KeptRows => 'keep' in given && 'computation' in given.keep

export interface FromQuery<DB, TB extends keyof DB> {
  publish(name: string, comment: string, columns: (eb: ExpressionBuilder<DB, TB>) => Columns | KeptRows): PublishedTable
}

// biome-ignore lint/suspicious/noExplicitAny: sound because it only bounds Q, from which the real types are inferred again.
type AnySourceQuery = SourceQuery<any, any>
type FromOf<Q> = Q extends SourceQuery<infer DB, infer TB> ? FromQuery<DB, TB> : never

/** Starts a published table from a query of the source that has tables and conditions but no selection. */
export function from<Q extends AnySourceQuery>(query: Q): FromOf<Q> {
  const publish: FromQuery<unknown, never>['publish'] = (name, comment, columns) => {
    const given = columns(expressionBuilder<unknown, never>())
    const kept = isKeptRows(given) ? given : { keep: null, columns: given }
    const list = Object.entries(kept.columns).map(([key, column]) => Object.freeze({ name: key, ...column.definition }))
    return Object.freeze({
      name,
      comment,
      query: query.toOperationNode(),
      columns: Object.freeze(list),
      keep: kept.keep,
    })
  }
  return { publish } as FromOf<Q> // sound because an expression builder is the same object whatever database it is typed for.
}
