/** The publication: all published tables and the settings around them, as one frozen value. Checks are in `check.ts`. */

import { codePlaceOf } from '../base/code-place.ts'
import { DEFAULT_LIMITS, type Limits } from '../base/limits.ts'
import type { Dashboard } from './dashboard.ts'
import type { HistoryTable } from './history.ts'
import { FRESHNESS, type OwnViewSettings, ownViewShapes, RUNS, UNKNOWNS } from './own-view.ts'
import type { Published, PublishedBy } from './published-rows.ts'
import type { Source } from './register.ts'
import type { PublishedTable } from './table.ts'

/** What the publication is called in Metabase; the names must differ between publications on one Metabase. */
export interface MetabaseNames {
  /** Of the data source. */
  readonly source: string
  /** Of the group whose members may ask questions of it. */
  readonly team: string
}

/** How an application adapts the page: a style sheet after ours, and its own HTML above and below each page. */
export interface Theme {
  readonly css?: string
  readonly header?: string
  readonly footer?: string
}

export interface Publication extends OwnViewSettings {
  /** Identifies the installation in the target's bookkeeping. */
  readonly name: string
  /** The published schema. The next version is built in `<schema>_next`, the last one leaves by `<schema>_previous`. */
  readonly schema: string
  readonly source: Source
  readonly tables: readonly PublishedTable[]
  /** Tables that accumulate, one row a day; computed after the others, from them. */
  readonly histories: readonly HistoryTable[]
  /** Views over published tables. */
  readonly views: readonly PublishedTable[]
  readonly writer: string
  readonly reader: string
  /** IANA name: local midnight, and the day of dated figures. */
  readonly zone: string
  /**
   * Promises that rules depend on their inputs only: not on the time, files or settings.
   * Then tables with rules may be read by their changes only.
   */
  readonly pureRules: boolean
  /** When a run is due, as a cron pattern read in `zone`. */
  readonly schedule: string
  readonly dashboards: readonly Dashboard[]
  /** BCP 47 name: how numbers and dates are written on dashboards; its language is that of Metabase. */
  readonly locale: string
  /** Tables whose rows are persons: dashboards show no group of fewer rows of them than `smallest`. */
  readonly persons: { readonly tables: readonly string[]; readonly smallest: number }
  readonly metabase: MetabaseNames
  readonly theme?: Theme
  readonly limits: Limits
}

declare const published: unique symbol

/** A publication that carries the types of its tables. */
export interface TypedPublication<P extends Published = Published> extends Publication {
  readonly [published]?: P
}

type Defaulted =
  | keyof OwnViewSettings
  | 'histories'
  | 'views'
  | 'zone'
  | 'schedule'
  | 'pureRules'
  | 'dashboards'
  | 'locale'
  | 'persons'

export interface PublicationSettings
  extends Omit<Publication, Defaulted | 'limits' | 'metabase'>,
    Partial<Pick<Publication, Defaulted>> {
  readonly metabase?: Partial<MetabaseNames>
  readonly limits?: Partial<Limits>
}

/** Which copy of the package made a publication, and where: two installed copies do not see each other's marks. */
interface Made {
  readonly copy: string
  /** `file:line` of its declaration. */
  readonly place: string | null
}
const MADE = Symbol.for('vitrine: made')
export const THIS_COPY = import.meta.url
// sound because nothing else is kept under that symbol.
export const madeOf = (publication: object): Made | undefined => Reflect.get(publication, MADE) as Made | undefined

/** Declares a publication. Midnight in UTC is the schedule unless another is given. */
export function definePublication<const S extends PublicationSettings>(settings: S): TypedPublication<PublishedBy<S>> {
  const made: Made = Object.freeze({ copy: THIS_COPY, place: codePlaceOf(new Error()) })
  return Object.freeze<Publication & { readonly [MADE]: Made }>({
    zone: 'UTC',
    schedule: '0 0 * * *',
    pureRules: false,
    freshness: FRESHNESS,
    runs: RUNS,
    unknowns: UNKNOWNS,
    locale: 'en-GB',
    persons: { tables: [], smallest: 1 },
    ...settings,
    tables: Object.freeze([...settings.tables]),
    histories: Object.freeze([...(settings.histories ?? [])]),
    views: Object.freeze([...(settings.views ?? [])]),
    dashboards: Object.freeze([...(settings.dashboards ?? [])]),
    metabase: Object.freeze({ source: settings.name, team: settings.name, ...settings.metabase }),
    limits: Object.freeze({ ...DEFAULT_LIMITS, ...settings.limits }),
    [MADE]: made,
  })
}

/** The same publication with its dashboards, which are written against it. */
export const withDashboards = <P extends Publication>(publication: P, dashboards: readonly Dashboard[]): P =>
  Object.freeze({ ...publication, dashboards: Object.freeze([...dashboards]) })

/** Everything of ours that the reader sees as a table: the published tables, then the history tables. */
export const publishedRelations = ({ tables, histories }: Publication): readonly PublishedTable[] => [
  ...tables,
  ...histories,
]

/** Names of the views for the reader: the tool's own, and those over the tables. */
export const ownViewNames = (publication: Publication): readonly string[] =>
  [...ownViewShapes(publication), ...publication.views].map(({ name }) => name)

/** The names of everything of ours in the published schema. */
export const publishedNames = (publication: Publication): readonly string[] => [
  ...publishedRelations(publication).map(({ name }) => name),
  ...ownViewNames(publication),
]

export const stagingSchema = ({ schema }: Pick<Publication, 'schema'>): string => `${schema}_next`
export const retiredSchema = ({ schema }: Pick<Publication, 'schema'>): string => `${schema}_previous`
/** The private schema of the tool's bookkeeping in the target. */
export const BOOKKEEPING_SCHEMA = 'vitrine'
