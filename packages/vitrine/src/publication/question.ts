/**
 * The language of questions over one publication: typed by what it publishes, so that a column that is not published, a value
 * outside a closed list and a sum over unknown values do not compile. The result is plain data, which `dashboards/` checks and writes.
 */
import { type Expression, ExpressionWrapper, RawNode } from 'kysely'
import type {
  Collection,
  Dashboard,
  Direction,
  Display,
  Filter,
  FunnelQuery,
  Labelled,
  ListingQuery,
  Query,
  Question,
  SqlQuery,
  StructuredQuery,
  Tab,
  Tile,
} from './dashboard.ts'
import { dayOfData, timeOfData } from './data-of.ts'
import { filterCondition } from './filter-use.ts'
import type { Publication, TypedPublication } from './publication.ts'
import type { Published } from './published-rows.ts'
import type { ConditionOn, IndicatorOn, MeasureOn, QuerySettings, Reach, Select, Sources, TableName } from './reach.ts'
import { offline } from './register.ts'

declare const answer: unique symbol
/** A query that knows the columns of its answer. */
export type Asked<Q extends Query, Out extends string> = Q & { readonly [answer]?: Out }

/** The ways to ask about one publication. */
export interface Questions<P extends Published> {
  /** Figures over groups of rows of one table. Metabase can drill into the answer. */
  query<const N extends TableName<P>, const M extends string, const B extends string = never>(
    settings: QuerySettings<Reach<P, N>, N, M, B>,
  ): Asked<StructuredQuery, M | B>
  /** Rows as they are. */
  listing<const N extends TableName<P>, const C extends string>(settings: {
    readonly from: N
    readonly columns: { readonly [Name in C]: keyof Reach<P, N> & string }
    readonly where?: readonly ConditionOn<Reach<P, N>>[]
    readonly order?: readonly (readonly [NoInfer<C>, Direction])[]
    readonly limit: number
  }): Asked<ListingQuery, C>
  /** How many rows remain after each step. */
  funnel<const N extends TableName<P>, const S extends string, const V extends string>(settings: {
    readonly from: N
    readonly step: S
    readonly value: V
    readonly steps: readonly (readonly [label: string, readonly ConditionOn<Reach<P, N>>[]])[]
  }): Asked<FunnelQuery, S | V>
  /** Any other SELECT over the published tables, in Kysely. */
  select<O>(write: (sources: Sources<P>) => Select<O>): Asked<SqlQuery, keyof O & string>
  /** A measure with its meaning: defined once, shown by many questions. */
  indicator<const N extends TableName<P>>(
    settings: Omit<IndicatorOn<N>, 'measure'> & { readonly measure: MeasureOn<Reach<P, N>> },
  ): IndicatorOn<N>
  /** Conditions that several questions share. */
  conditions<const N extends TableName<P>, const C extends readonly ConditionOn<Reach<P, N>>[]>(from: N, ...list: C): C
  filter<const T extends TableName<P>>(
    settings: Omit<Filter, 'on'> & { readonly on: { readonly [N in T]: keyof Reach<P, N> & string } },
  ): Filter
}

const expression = <T>(sql: string): Expression<T> => new ExpressionWrapper(RawNode.createWithSql(sql))

function sourcesOf(publication: Publication): Sources<Published> {
  return {
    db: offline(),
    day: (table) => expression(dayOfData(publication, table)),
    moment: (table) => expression(timeOfData(publication, table)),
    filter(key, value, column: string) {
      const dot = column.indexOf('.')
      return filterCondition({ filter: key, table: column.slice(0, dot), column: column.slice(dot + 1) }, value)
    },
  }
}

/** The questions that can be asked of a publication. */
export function questionsAbout<P extends Published>(publication: TypedPublication<P>): Questions<P> {
  const sources = sourcesOf(publication)
  const untyped = {
    query: (settings: Partial<StructuredQuery>) =>
      Object.freeze({ by: {}, where: [], order: [], limit: null, smallest: null, ...settings, kind: 'structured' }),
    listing: (settings: Partial<ListingQuery>) =>
      Object.freeze({ where: [], order: [], limit: null, ...settings, kind: 'listing' }),
    funnel: ({ step, value, ...settings }: { readonly step: string; readonly value: string }) =>
      Object.freeze({ ...settings, columns: { step, value }, kind: 'funnel' }),
    select: (write: (given: Sources<Published>) => Select<unknown>) =>
      Object.freeze({ kind: 'sql', node: write(sources).toOperationNode() }),
    indicator: (settings: object) => Object.freeze(settings),
    conditions: (_from: string, ...list: readonly unknown[]) => list,
    filter: (settings: object) => Object.freeze(settings),
  }
  // sound because the types only narrow what these functions pass on; check.ts proves it again at run time.
  return untyped as unknown as Questions<P>
}

/** The time of the data, or their age. */
export const freshnessQuery = <const C extends string>(column: C, show: 'instant' | 'hours'): Asked<Query, C> =>
  Object.freeze({ kind: 'freshness', column, show })

interface QuestionSettings<Out extends string> {
  readonly key: string
  readonly title: string
  readonly description: string
  readonly query: Asked<Query, Out>
  readonly display: Display<NoInfer<Out>>
  readonly columns?: { readonly [Name in NoInfer<Out>]?: Labelled }
  /** `team` if absent. */
  readonly audience?: Question['audience']
  readonly previousKeys?: readonly string[]
  readonly adopted?: string
}

export const question = <Out extends string>(settings: QuestionSettings<Out>): Question =>
  Object.freeze<Question>({
    audience: 'team',
    previousKeys: [],
    ...settings,
    // sound because an optional column that is absent is no property.
    columns: (settings.columns ?? {}) as Question['columns'],
  })

export const collection = (settings: Collection): Collection => Object.freeze(settings)

interface DashboardSettings extends Omit<Dashboard, 'audience' | 'filters' | 'tabs' | 'previousKeys'> {
  /** `team` if absent. */
  readonly audience?: Dashboard['audience']
  readonly filters?: readonly Filter[]
  readonly previousKeys?: readonly string[]
}

/** A dashboard: the rows of its only page, or several tabs. */
export const dashboard = ({
  rows,
  tabs,
  ...settings
}: DashboardSettings &
  (
    | { readonly rows: readonly (readonly Tile[])[]; readonly tabs?: never }
    | { readonly tabs: readonly Tab[]; readonly rows?: never }
  )): Dashboard =>
  Object.freeze({
    audience: 'team',
    filters: [],
    previousKeys: [],
    ...settings,
    tabs: tabs ?? [{ name: settings.title, rows: rows ?? [] }],
  })
