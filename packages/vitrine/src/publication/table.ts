/** `from(query).publish(name, comment, columns)`: a published table as frozen data. Nothing is read or sent here. */
import { type ExpressionBuilder, expressionBuilder, type SelectQueryNode } from 'kysely'
import { codePlaceOf } from '../base/code-place.ts'
import { isTextual } from '../sql/sql-type.ts'
import type { Column, ColumnDefinition } from './column.ts'
import type { Computed } from './compute.ts'
import { PATTERNS, type Pattern } from './pattern.ts'
import type { SourceQuery } from './register.ts'

export interface PublishedColumn extends ColumnDefinition {
  readonly name: string
}

declare const columnsOf: unique symbol

/** `C` holds the types of its columns, for the queries of dashboards. */
export interface PublishedTable<Name extends string = string, C = unknown> {
  readonly [columnsOf]?: C
  readonly name: Name
  readonly comment: string
  /** The source query without its selection. */
  readonly query: SelectQueryNode
  readonly columns: readonly PublishedColumn[]
  /** Rows for which this is not true are not published; null publishes every row of the query. */
  readonly keep: Computed<boolean> | null
  /** Returns a reason from its closed list when something about the row is unknown, otherwise null. */
  readonly unknown: Computed<string | null> | null
  readonly kAnonymous: KAnonymity | null
}

/** The patterns searched in a column: for text or JSON without a closed list, those that fit its length and are not accepted. */
export function watchedPatterns({ type, value, accepts }: PublishedColumn): readonly Pattern[] {
  const isClosed = value.kind === 'computed' && value.computed.values !== null
  if (isClosed || (!isTextual(type) && type.kind !== 'jsonb')) return []
  return PATTERNS.filter(
    ({ name, shortest }) => (type.length ?? shortest) >= shortest && !accepts.some(({ pattern }) => pattern === name),
  )
}

/**
 * Rows that agree in all these columns are a group, and NULL is a value like any other. Where a group has fewer than `k` rows,
 * the run is refused, or these columns are published as NULL in the rows of such groups.
 */
export type KAnonymity<Name extends string = string, Nullable extends string = string> = { readonly k: number } & (
  | { readonly columns: readonly Name[]; readonly otherwise: 'refuse' }
  | { readonly columns: readonly Nullable[]; readonly otherwise: 'suppress' }
)

type Decided = Column<'not null'> | Column<'nullable'>
export type Columns = Readonly<Record<string, Decided>>

type NameOf<C> = keyof C & string
type NullableOf<C> = { [K in NameOf<C>]: C[K] extends Column<'nullable'> ? K : never }[NameOf<C>]

/** What is decided about whole rows. */
export interface RowRules<Name extends string = string, Nullable extends string = string> {
  /** Only rows for which it is true are published. */
  readonly keep?: Computed<boolean>
  /** Why something about the row is unknown, from a closed list, or null: counted in the record of each run. */
  readonly unknown?: Computed<string | null>
  /** Each combination of values of these columns occurs in at least `k` rows. */
  readonly kAnonymous?: KAnonymity<Name, Nullable>
}

export interface RuledRows<C extends Columns = Columns> {
  readonly rules: RowRules
  readonly columns: C
}

/** Columns together with rules about rows. A rule that columns use as well runs once per row. */
export function rows<C extends Columns>(rules: RowRules<NameOf<C>, NullableOf<C>>, columns: C): RuledRows<C> {
  return Object.freeze({ rules, columns })
}

const isRuledRows = (given: Columns | RuledRows): given is RuledRows =>
  'rules' in given && !('definition' in given.rules)

const places = new WeakMap<object, string | null>()
/** For messages: the files and lines that declare the tables; undefined when not known. */
export function writtenAt(tables: readonly PublishedTable[]): string | undefined {
  const found = [...new Set(tables.flatMap((table) => places.get(table) ?? []))]
  return found.length === 0 ? undefined : `Written at ${found.join(', ')}.`
}

export interface FromQuery<DB, TB extends keyof DB> {
  publish<const Name extends string, G extends Columns | RuledRows>(
    name: Name,
    comment: string,
    columns: (eb: ExpressionBuilder<DB, TB>) => G,
  ): PublishedTable<Name, G extends RuledRows<infer C> ? C : G>
}

// biome-ignore lint/suspicious/noExplicitAny: sound because it only bounds Q, from which the real types are inferred again.
type AnySourceQuery = SourceQuery<any, any>
type FromOf<Q> = Q extends SourceQuery<infer DB, infer TB> ? FromQuery<DB, TB> : never

/** Starts a published table from a query of the source that has tables and conditions but no selection. */
export function from<Q extends AnySourceQuery>(query: Q): FromOf<Q> {
  const publish: FromQuery<unknown, never>['publish'] = (name, comment, columns) => {
    const given = columns(expressionBuilder<unknown, never>())
    const { rules, columns: named } = isRuledRows(given) ? given : { rules: {}, columns: given }
    const list = Object.entries(named).map(([key, column]) => Object.freeze({ name: key, ...column.definition }))
    const table = Object.freeze({
      name,
      comment,
      query: query.toOperationNode(),
      columns: Object.freeze(list),
      keep: rules.keep ?? null,
      unknown: rules.unknown ?? null,
      kAnonymous: rules.kAnonymous ?? null,
    })
    places.set(table, codePlaceOf(new Error()))
    return table
  }
  return { publish } as FromOf<Q> // sound because an expression builder is the same object whatever database it is typed for.
}
