/** The publication: all published tables and the settings around them, as one frozen value. Checks are in `check.ts`. */
import { DEFAULT_LIMITS, type Limits } from '../base/limits.ts'
import type { Dashboard } from './dashboard.ts'
import type { HistoryTable } from './history.ts'
import type { Source } from './register.ts'
import type { PublishedTable } from './table.ts'

/** The view in which the reader finds how old each table is; its names are the publication's own language. */
export interface FreshnessView {
  readonly name: string
  readonly comment: string
  readonly columns: {
    readonly table: string
    readonly rows: string
    readonly dataOf: string
    readonly publishedAt: string
  }
}

/** The columns of the view of the runs. */
export type RunsColumn = keyof typeof RUNS_COLUMNS

/** The view in which the reader finds the runs; names, comments and words are the publication's own language. */
export interface RunsView {
  readonly name: string
  readonly comment: string
  readonly columns: Readonly<Record<RunsColumn, { readonly name: string; readonly comment: string }>>
  readonly states: Readonly<Record<'running' | 'succeeded' | 'failed', string>>
  readonly triggers: Readonly<Record<'command' | 'schedule' | 'rollback', string>>
}

export interface Publication {
  /** Identifies the installation in the target's bookkeeping. */
  readonly name: string
  /** The published schema. The next version is built in `<schema>_next`, the last one leaves by `<schema>_previous`. */
  readonly schema: string
  readonly source: Source
  readonly tables: readonly PublishedTable[]
  /** Tables that accumulate, one row a day; computed after the others, from them. */
  readonly histories: readonly HistoryTable[]
  readonly writer: string
  readonly reader: string
  /** IANA name: local midnight, and the day of dated figures. */
  readonly zone: string
  /** When a run is due, as a cron pattern read in `zone`. */
  readonly schedule: string
  readonly freshness: FreshnessView
  readonly runs: RunsView
  readonly dashboards: readonly Dashboard[]
  /** BCP 47 name: how numbers and dates are written on dashboards. */
  readonly locale: string
  readonly limits: Limits
}

type Defaulted = 'histories' | 'zone' | 'schedule' | 'freshness' | 'runs' | 'dashboards' | 'locale'

export interface PublicationSettings
  extends Omit<Publication, Defaulted | 'limits'>,
    Partial<Pick<Publication, Defaulted>> {
  readonly limits?: Partial<Limits>
}

const FRESHNESS: FreshnessView = Object.freeze({
  name: 'vitrine_freshness',
  comment: 'How old the data of each published table is.',
  columns: Object.freeze({ table: 'table_name', rows: 'row_count', dataOf: 'data_of', publishedAt: 'published_at' }),
})

const RUNS_COLUMNS = Object.freeze({
  run: { name: 'run', comment: 'Number of the run.' },
  startedAt: { name: 'started_at', comment: 'When it started.' },
  finishedAt: { name: 'finished_at', comment: 'When it ended; empty while it is under way.' },
  state: { name: 'state', comment: 'Whether it is under way, succeeded or failed.' },
  trigger: { name: 'started_by', comment: 'What started it: a command, the schedule, or a rollback.' },
  dataOf: { name: 'data_of', comment: 'Of when the data are that it published.' },
  publishedAt: { name: 'published_at', comment: 'When it published; empty when it did not, as a rehearsal.' },
  seconds: { name: 'seconds', comment: 'How long it took.' },
  tables: { name: 'table_count', comment: 'Tables that it read again.' },
  rows: { name: 'row_count', comment: 'Rows of these tables.' },
  errorCode: { name: 'error_code', comment: 'Why it failed; the reference of errors explains the codes.' },
})

const RUNS: RunsView = Object.freeze({
  name: 'vitrine_runs',
  comment: 'The runs that publish these tables, the failed ones included.',
  columns: RUNS_COLUMNS,
  states: Object.freeze({ running: 'running', succeeded: 'succeeded', failed: 'failed' }),
  triggers: Object.freeze({ command: 'command', schedule: 'schedule', rollback: 'rollback' }),
})

/** Declares a publication. Midnight in UTC is the schedule unless another is given. */
export function definePublication(settings: PublicationSettings): Publication {
  return Object.freeze({
    zone: 'UTC',
    schedule: '0 0 * * *',
    freshness: FRESHNESS,
    runs: RUNS,
    locale: 'en-GB',
    ...settings,
    tables: Object.freeze([...settings.tables]),
    histories: Object.freeze([...(settings.histories ?? [])]),
    dashboards: Object.freeze([...(settings.dashboards ?? [])]),
    limits: Object.freeze({ ...DEFAULT_LIMITS, ...settings.limits }),
  })
}

/** Everything of ours that the reader sees as a table: the published tables, then the history tables. */
export const publishedRelations = ({ tables, histories }: Publication): readonly PublishedTable[] => [
  ...tables,
  ...histories,
]

/** The views that tell the reader about the data: their names. */
export const ownViewNames = ({ freshness, runs }: Publication): readonly string[] => [freshness.name, runs.name]

/** The names of everything of ours in the published schema. */
export const publishedNames = (publication: Publication): readonly string[] => [
  ...publishedRelations(publication).map(({ name }) => name),
  ...ownViewNames(publication),
]

export const stagingSchema = (publication: Publication): string => `${publication.schema}_next`
export const retiredSchema = (publication: Publication): string => `${publication.schema}_previous`
/** The private schema of the tool's bookkeeping in the target. */
export const BOOKKEEPING_SCHEMA = 'vitrine'
