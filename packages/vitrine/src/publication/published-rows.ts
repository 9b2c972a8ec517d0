/**
 * The types of what a publication publishes: for each table the values of its columns, and where its foreign keys point. They
 * are read off the publication's own definitions, so that a query of a column that is not published does not compile.
 */
import type { Instant, Numeric } from '../sql/sql-type.ts'
import type { Column } from './column.ts'
import type { FRESHNESS, FreshnessView, RUNS, RunsColumn, RunsView, UNKNOWNS, UnknownsView } from './own-view.ts'
import type { PublishedTable } from './table.ts'

/** `tables`: the row of each table and of each view of the tool; `links`: the table behind each foreign key. */
export interface Published {
  readonly tables: object
  readonly links: object
}

type ColumnIn<C> = C extends { readonly column: infer Inner } ? Inner : C
type ValueIn<C> = ColumnIn<C> extends Column<infer N, infer T> ? (N extends 'nullable' ? T | null : T) : never
type TargetIn<C> = ColumnIn<C> extends Column<infer _N, infer _T, infer R> ? R : never

type ColumnsOf<T> = T extends PublishedTable<string, infer C> ? C : never
type RowsOf<T extends PublishedTable> = {
  [Each in T as Each['name']]: { [K in keyof ColumnsOf<Each> & string]: ValueIn<ColumnsOf<Each>[K]> }
}
type LinksOf<T extends PublishedTable> = {
  [Each in T as Each['name']]: {
    [K in keyof ColumnsOf<Each> & string as [TargetIn<ColumnsOf<Each>[K]>] extends [never] ? never : K]: TargetIn<
      ColumnsOf<Each>[K]
    >
  }
}

interface FreshnessValues {
  readonly table: string
  readonly rows: bigint
  readonly dataOf: Instant
  readonly publishedAt: Instant
}
type FreshnessOf<V extends FreshnessView> = {
  [N in V['name']]: { [K in keyof FreshnessValues as V['columns'][K]]: FreshnessValues[K] }
}

interface RunValues extends Readonly<Record<RunsColumn, unknown>> {
  readonly run: bigint
  readonly startedAt: Instant
  readonly finishedAt: Instant | null
  readonly state: 'state'
  readonly trigger: 'trigger'
  readonly dataOf: Instant | null
  readonly publishedAt: Instant | null
  readonly seconds: Numeric | null
  readonly tables: bigint
  readonly rows: bigint
  readonly errorCode: string | null
}
type RunsOf<V extends RunsView> = {
  [N in V['name']]: {
    [K in RunsColumn as V['columns'][K]['name']]: K extends 'state'
      ? V['states'][keyof V['states']]
      : K extends 'trigger'
        ? V['triggers'][keyof V['triggers']]
        : RunValues[K]
  }
}

interface UnknownValues {
  readonly table: string
  readonly reason: string
  readonly rows: bigint
  readonly dataOf: Instant
}
type UnknownsOf<V extends UnknownsView> = {
  [N in V['name']]: { [K in keyof UnknownValues as V['columns'][K]['name']]: UnknownValues[K] }
}

/** The settings of a publication that say what it publishes. */
export interface Publishing {
  readonly tables: readonly PublishedTable[]
  readonly histories?: readonly PublishedTable[]
  readonly views?: readonly PublishedTable[]
  readonly freshness?: FreshnessView
  readonly runs?: RunsView
  readonly unknowns?: UnknownsView
}

/** The type of a setting that was given; `Otherwise` when it is absent. */
type Given<S, K extends string, Otherwise> = S extends { readonly [N in K]: infer V } ? V : Otherwise
type RelationsIn<S extends Publishing> =
  | S['tables'][number]
  | (Given<S, 'histories', readonly never[]> & readonly PublishedTable[])[number]
  | ViewsIn<S>
type ViewsIn<S extends Publishing> = (Given<S, 'views', readonly never[]> & readonly PublishedTable[])[number]

/** What the settings of a publication publish. */
export interface PublishedBy<S extends Publishing> extends Published {
  readonly tables: RowsOf<RelationsIn<S>> &
    FreshnessOf<Given<S, 'freshness', typeof FRESHNESS> & FreshnessView> &
    RunsOf<Given<S, 'runs', typeof RUNS> & RunsView> &
    UnknownsOf<Given<S, 'unknowns', typeof UNKNOWNS> & UnknownsView>
  readonly links: LinksOf<S['tables'][number] | ViewsIn<S>>
}
