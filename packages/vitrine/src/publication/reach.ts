/** What a question about a published table may name, as types: its columns, those behind its foreign keys, and their values. */
import type { Expression, Kysely, SelectQueryBuilder, SqlBool } from 'kysely'
import type { Float, Instant, LocalDate, Numeric } from '../sql/sql-type.ts'
import type { Direction, Indicator, TimeUnit, Unknowns } from './dashboard.ts'
import type { Published } from './published-rows.ts'

type Row<P extends Published, N> = N extends keyof P['tables'] ? P['tables'][N] : never
type Links<P extends Published, N> = N extends keyof P['links'] ? P['links'][N] : never
type Via<P extends Published, N> = {
  [K in keyof Links<P, N> & string]: `${K}.${keyof Row<P, Links<P, N>[K]> & string}`
}[keyof Links<P, N> & string]
type ValueVia<P extends Published, N, Q> = Q extends `${infer K}.${infer C}`
  ? K extends keyof Links<P, N> & keyof Row<P, N>
    ? C extends keyof Row<P, Links<P, N>[K]>
      ? Row<P, Links<P, N>[K]>[C] | Extract<Row<P, N>[K], null>
      : never
    : never
  : never
/** Every column that a question about a table may name, with its value. */
export type Reach<P extends Published, N> = Row<P, N> & { readonly [Q in Via<P, N>]: ValueVia<P, N, Q> }

export type TableName<P extends Published> = keyof P['tables'] & string
export type ColumnName<P extends Published> = {
  [N in TableName<P>]: `${N}.${keyof P['tables'][N] & string}`
}[TableName<P>]

type Figure = number | bigint | Numeric | Float
type Time = LocalDate | Instant
type At<R, V> = { [Q in keyof R & string]: Exclude<R[Q], null> extends V ? Q : never }[keyof R & string]
/** Columns that are never NULL. */
type Sure<R> = { [Q in keyof R & string]: null extends R[Q] ? never : Q }[keyof R & string]
/** How a value is written in TypeScript. */
type Given<X> = X extends string | boolean ? X : X extends Time ? string : X extends Figure ? number | bigint : never

type Compared<Q, X> =
  | readonly [Q, '=' | '!=', Given<X>]
  | readonly [Q, 'in' | 'not in', readonly Given<X>[]]
  | readonly [Q, 'is null' | 'is not null']
  | (X extends Figure | Time ? readonly [Q, '<' | '<=' | '>' | '>=', Given<X>] : never)
  | (X extends Time
      ?
          | readonly [Q, 'within', { readonly last: number; readonly unit: 'day' | 'month' }]
          | readonly [Q, 'before', { readonly ago: number; readonly unit: 'day' | 'month' }]
          | readonly [Q, 'complete', TimeUnit]
      : never)

export type ConditionOn<R> = { [Q in keyof R & string]: Compared<Q, Exclude<R[Q], null>> }[keyof R & string]

interface Where<R> {
  readonly where?: readonly ConditionOn<R>[]
}
/** For a column that may be NULL, the question must say what happens to unknown values. */
type Over<K extends string, R, V> = Where<R> & { readonly decimals?: number } & (
    | { readonly [Name in K]: At<R, V> & Sure<R> }
    | ({ readonly [Name in K]: At<R, V> } & { readonly unknown: Unknowns })
  )
type Counted<R> = { readonly count: 'rows' } & Where<R>
export type MeasureOn<R> =
  | Counted<R>
  | ({ readonly distinct: keyof R & string } & Where<R>)
  | Over<'sum', R, Figure>
  | Over<'avg', R, Figure>
  | Over<'median', R, Figure>
  | Over<'min', R, Figure | Time>
  | Over<'max', R, Figure | Time>
  | { readonly percent: readonly ConditionOn<R>[]; readonly of: readonly ConditionOn<R>[] | 'all rows' }
  | { readonly ratio: readonly [At<R, Figure> & Sure<R>, At<R, Figure> & Sure<R>] }
  | { readonly ratio: readonly [At<R, Figure>, At<R, Figure>]; readonly unknown: Unknowns }
  | { readonly cumulative: Counted<R> | Over<'sum', R, Figure> }

/** A measure with its meaning, over one table. */
export type IndicatorOn<N> = Indicator & { readonly from: N }

type Steps = readonly (readonly [lowest: number, label: string])[]
type Named<R, V> = { [Q in At<R, V>]: null extends R[Q] ? { readonly unknown: string } : unknown }
/** A group of NULL has a name of its own. */
export type ByOn<R> =
  | Sure<R>
  | {
      [Q in keyof R & string]: {
        readonly column: Q
        readonly order?: readonly Given<Exclude<R[Q], null>>[] & readonly string[]
      } & (null extends R[Q] ? { readonly unknown: string } : unknown)
    }[keyof R & string]
  | { readonly time: At<R, Time>; readonly unit: TimeUnit }
  | { [Q in At<R, Figure>]: { readonly band: Q; readonly at: Steps } & Named<R, Figure>[Q] }[At<R, Figure>]
  | { [Q in At<R, Time>]: { readonly age: Q; readonly at: Steps } & Named<R, Time>[Q] }[At<R, Time>]
  | { readonly cases: readonly (readonly [label: string, readonly ConditionOn<R>[]])[]; readonly otherwise: string }

export interface QuerySettings<R, N, M extends string, B extends string> {
  readonly from: N
  readonly measures: { readonly [Name in M]: MeasureOn<R> | IndicatorOn<NoInfer<N>> }
  readonly by?: { readonly [Name in B]: ByOn<R> }
  readonly where?: readonly ConditionOn<R>[]
  readonly order?: readonly (readonly [NoInfer<M | B>, Direction])[]
  readonly limit?: number
  readonly smallest?: number
}

/** What the function of a question in SQL receives. */
export interface Sources<P extends Published> {
  readonly db: Kysely<P['tables']>
  /** The day of the data of a table, in the publication's zone. */
  day(table: TableName<P>): Expression<LocalDate>
  /** The local time of the data of a table, in the publication's zone. */
  moment(table: TableName<P>): Expression<Date>
  /** A condition that is true until somebody sets the filter; `column` is the published column behind the expression. */
  filter(key: string, expression: Expression<unknown>, column: ColumnName<P>): Expression<SqlBool>
}
// biome-ignore lint/suspicious/noExplicitAny: sound because only the columns of the answer are read off the query.
export type Select<O> = SelectQueryBuilder<any, any, O>
