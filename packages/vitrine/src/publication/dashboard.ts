/**
 * Dashboards as data: collections, questions, dashboards, and the queries that a question may ask of the published tables.
 * Names of tables and columns are plain texts here; `question.ts` types them, `dashboards/` checks them and writes them as SQL.
 */
import type { OperationNode } from 'kysely'

/** Where questions and dashboards are kept in Metabase, and who may see them there. */
export interface Collection {
  readonly key: string
  readonly name: string
  readonly description?: string
  readonly parent?: Collection
  /** Rights by the name of a Metabase group. */
  readonly access: Readonly<Record<string, 'read' | 'write'>>
}

/** A column of the table asked, or `foreign_key.column` of the table that it refers to. */
export type Path = string
export type TimeUnit = 'day' | 'week' | 'month' | 'quarter' | 'year'
export type Scalar = string | number | bigint | boolean

/**
 * One condition; a list of them is joined by *and*. `=` and `in` are false for NULL; `!=` and `not in` are true: NULL differs
 * from every value. Days are counted from the day of the data in the publication's zone, not from now.
 */
export type Condition =
  | readonly [Path, '=' | '!=' | '<' | '<=' | '>' | '>=', Scalar]
  | readonly [Path, 'in' | 'not in', readonly Scalar[]]
  | readonly [Path, 'is null' | 'is not null']
  /** In the last days or months before the day of the data. */
  | readonly [Path, 'within', { readonly last: number; readonly unit: 'day' | 'month' }]
  /** At least so long before the day of the data. */
  | readonly [Path, 'before', { readonly ago: number; readonly unit: 'day' | 'month' }]
  /** Before the current day, week, month …, which is not complete. */
  | readonly [Path, 'complete', TimeUnit]

/** What happens to unknown values. Required wherever they could be taken for zero. */
export type Unknowns = 'left out'

type Of<Name extends string> = { readonly [K in Name]: Path } & {
  readonly unknown?: Unknowns
  /** Decimals of an average or a median; 1 by default. */
  readonly decimals?: number
  readonly where?: readonly Condition[]
}

/** A figure over a group of rows. */
export type Measure =
  | { readonly count: 'rows'; readonly where?: readonly Condition[] }
  | { readonly distinct: Path; readonly where?: readonly Condition[] }
  | Of<'sum'>
  | Of<'avg'>
  | Of<'median'>
  | Of<'min'>
  | Of<'max'>
  /** Of the rows that meet `of`, the percentage that also meets `percent`. */
  | { readonly percent: readonly Condition[]; readonly of: readonly Condition[] | 'all rows' }
  /** The sum of the first column as a percentage of the sum of the second, over rows that have both. */
  | { readonly ratio: readonly [Path, Path]; readonly unknown?: Unknowns }
  /** The running total of the measure, in the order of the date that the question is grouped by. */
  | { readonly cumulative: { readonly count: 'rows'; readonly where?: readonly Condition[] } | Of<'sum'> }

/** A measure with its meaning, defined once; every question that shows it refers to it. */
export interface Indicator {
  readonly title: string
  /** One sentence: what is counted, and what is not. */
  readonly definition: string
  readonly unit: string
  readonly goal?: { readonly value: number; readonly by: string }
  readonly from: string
  readonly measure: Measure
}

/** What rows are grouped by. */
export type By =
  | Path
  /** `unknown` names the group of NULL; `order` gives the order of the values. */
  | { readonly column: Path; readonly unknown?: string; readonly order?: readonly string[] }
  | { readonly time: Path; readonly unit: TimeUnit }
  /** Bands by their lowest value, in ascending order. */
  | {
      readonly band: Path
      readonly at: readonly (readonly [lowest: number, label: string])[]
      readonly unknown?: string
    }
  /** Bands of the number of days between a date and the day of the data. */
  | {
      readonly age: Path
      readonly at: readonly (readonly [lowest: number, label: string])[]
      readonly unknown?: string
    }
  /** The first case that holds. */
  | { readonly cases: readonly (readonly [label: string, Condition[]])[]; readonly otherwise: string }

export type Direction = 'asc' | 'desc'

/** Measures of one table, with columns through one foreign key. People can drill into the answer in Metabase. */
export interface StructuredQuery {
  readonly kind: 'structured'
  readonly from: string
  /** By the name of the column of the answer. */
  readonly measures: Readonly<Record<string, Measure | Indicator>>
  readonly by: Readonly<Record<string, By>>
  readonly where: readonly Condition[]
  /** By columns of the answer; lists and bands keep their own order. */
  readonly order: readonly (readonly [column: string, Direction])[]
  readonly limit: number | null
  /** Groups with fewer rows are left out; for a percentage, the rows of its denominator are counted. */
  readonly smallest: number | null
}

/** Rows as they are. */
export interface ListingQuery {
  readonly kind: 'listing'
  readonly from: string
  readonly columns: Readonly<Record<string, Path>>
  readonly where: readonly Condition[]
  readonly order: readonly (readonly [column: string, Direction])[]
  readonly limit: number | null
}

/** How many rows meet the conditions of each step and of those before it; the columns are `step` and `value`. */
export interface FunnelQuery {
  readonly kind: 'funnel'
  readonly from: string
  readonly columns: { readonly step: string; readonly value: string }
  readonly steps: readonly (readonly [label: string, readonly Condition[]])[]
}

/** A SELECT of the published tables, written with Kysely. Filters stand in it as nodes of their own. */
export interface SqlQuery {
  readonly kind: 'sql'
  readonly node: OperationNode
}

/** The time of the oldest published table, or its age in hours. The only question that uses the current time. */
export interface FreshnessQuery {
  readonly kind: 'freshness'
  readonly column: string
  readonly show: 'instant' | 'hours'
}

export type Query = StructuredQuery | ListingQuery | FunnelQuery | SqlQuery | FreshnessQuery

/** How a value is written; a percentage is of 100. */
export type Format =
  | { readonly kind: 'number'; readonly decimals?: number; readonly prefix?: string; readonly suffix?: string }
  /** `of` names the column with the denominator, where the query does not say it. */
  | { readonly kind: 'percent'; readonly decimals?: number; readonly of?: string }
  | { readonly kind: 'currency'; readonly currency: string; readonly decimals?: number }
  | { readonly kind: 'date'; readonly style: 'instant' | TimeUnit }

/** How an answer is drawn; the texts are names of its columns. */
export type Display<Name extends string = string> =
  | { readonly kind: 'number'; readonly value: Name }
  /** The last value, and its change from the one before. */
  | { readonly kind: 'trend'; readonly time: Name; readonly value: Name; readonly decreaseIsGood?: boolean }
  | Chart<Name>
  | { readonly kind: 'pie'; readonly label: Name; readonly value: Name }
  | { readonly kind: 'progress'; readonly value: Name; readonly goal: number }
  | {
      readonly kind: 'gauge'
      readonly value: Name
      readonly segments: readonly { readonly from: number; readonly to: number; readonly label: string }[]
    }
  | { readonly kind: 'funnel'; readonly step: Name; readonly value: Name }
  | { readonly kind: 'table'; readonly columns?: readonly Name[] }
  | {
      readonly kind: 'pivot'
      readonly rows: readonly Name[]
      readonly columns: readonly Name[]
      readonly values: readonly Name[]
    }

export interface Chart<Name extends string = string> {
  readonly kind: 'line' | 'area' | 'bar' | 'row' | 'combo'
  readonly x: Name
  readonly y: readonly Name[]
  /** The column whose values are the series. */
  readonly series?: Name
  readonly stack?: 'stacked' | 'normalized'
  /** Those of `y` that a combo draws as lines, on an axis of their own. */
  readonly lines?: readonly Name[]
  readonly goal?: { readonly value: number; readonly label: string }
  readonly titles?: { readonly x?: string; readonly y?: string }
}

/** What figures or groups stand for: each meaning has the same colour everywhere. */
export type Meaning = 'done' | 'doing' | 'todo' | 'unknown'

/** How a column of an answer is shown. */
export interface Labelled {
  readonly label: string
  readonly format?: Format
  /** The meaning of all its figures, or of each group by its name. */
  readonly means?: Meaning | Readonly<Record<string, Meaning>>
  /** Labels for values that are codes. The page shows the labels; Metabase and files keep the values. */
  readonly names?: Readonly<Record<string, string>>
}

/** Who may see it: a question for the team does not stand on a public dashboard. */
export type Audience = 'team' | 'public'

export interface Question {
  /** Its permanent identity, from which the identity in Metabase is derived. */
  readonly key: string
  readonly title: string
  /** What it means, and what to read beside it. */
  readonly description: string
  readonly query: Query
  readonly display: Display
  readonly columns: Readonly<Record<string, Labelled>>
  readonly audience: Audience
  /** Keys that it had before. */
  readonly previousKeys: readonly string[]
  /** Its identity in Metabase, when people made it there and `metabase pull` took it over. */
  readonly adopted?: string
}

export type FilterKind = 'list' | 'text' | 'number' | 'boolean' | 'date' | 'month'

/** A filter of a dashboard. */
export interface Filter {
  readonly key: string
  readonly label: string
  /** `list`: one or several of the options; `date`: a range of days; `month`: one month. */
  readonly kind: FilterKind
  readonly options?: readonly string[]
  /** Labels of the options, like `names` of a column. */
  readonly names?: Readonly<Record<string, string>>
  readonly default?: Scalar | readonly Scalar[]
  readonly required?: boolean
  /** Filters whose choice narrows the options of this one. */
  readonly linkedTo?: readonly string[]
  /** The column of each table that it filters; a question in SQL names the filter itself. */
  readonly on: Readonly<Record<string, Path>>
}

/** Where a tile stands on the grid of 24 columns. */
export interface TilePlace {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Sized {
  /** Width in columns, of 24 in a row; tiles without it share what is left. */
  readonly span?: number
  readonly height?: number
  /** Used in place of the position in its row. */
  readonly at?: TilePlace
}

export type Tile = Sized &
  (
    | {
        readonly question: Question
        /** Filters that do not apply to it. */
        readonly without?: readonly string[]
      }
    | { readonly heading: string }
    | { readonly text: string }
    /** The time of the data. */
    | { readonly freshness: string }
  )

export interface Tab {
  readonly name: string
  readonly rows: readonly (readonly Tile[])[]
}

export interface Dashboard {
  readonly key: string
  readonly title: string
  readonly description: string
  readonly collection: Collection
  readonly audience: Audience
  readonly filters: readonly Filter[]
  /** A single tab is shown without its name. */
  readonly tabs: readonly Tab[]
  readonly previousKeys: readonly string[]
  /** Like `adopted` of a question. */
  readonly adopted?: string
}

/** The questions of dashboards, each once, in the order of their tiles. */
export const questionsOf = (dashboards: readonly Dashboard[]): readonly Question[] => [
  ...new Set(
    dashboards.flatMap(({ tabs }) =>
      tabs.flatMap(({ rows }) => rows.flat().flatMap((tile) => ('question' in tile ? [tile.question] : []))),
    ),
  ),
]

/** The measure of a column of an answer, with or without its meaning. */
export const measureOf = (given: Measure | Indicator): Measure => ('measure' in given ? given.measure : given)
