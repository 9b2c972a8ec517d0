/** The tool's own views (freshness, runs, unknowns): how a publication names them, and their default names. */
import type { ScalarKind } from '../sql/sql-type.ts'

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

interface Described {
  readonly name: string
  readonly comment: string
}

/** The columns of the view of the runs. */
export type RunsColumn = keyof typeof RUNS_COLUMNS

/** The view in which the reader finds the runs; names, comments and words are the publication's own language. */
export interface RunsView extends Described {
  readonly columns: Readonly<Record<RunsColumn, Described>>
  readonly states: Readonly<Record<'running' | 'succeeded' | 'failed', string>>
  readonly triggers: Readonly<Record<'command' | 'schedule' | 'follow' | 'rollback', string>>
}

/** The view in which the reader finds why values are unknown, and in how many rows. */
export interface UnknownsView extends Described {
  readonly columns: Readonly<Record<keyof typeof UNKNOWNS_COLUMNS, Described>>
}

export interface OwnViewSettings {
  readonly freshness: FreshnessView
  readonly runs: RunsView
  readonly unknowns: UnknownsView
}

export const FRESHNESS = {
  name: 'vitrine_freshness',
  comment: 'How old the data of each published table is.',
  columns: { table: 'table_name', rows: 'row_count', dataOf: 'data_of', publishedAt: 'published_at' },
} as const satisfies FreshnessView

const RUNS_COLUMNS = {
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
} as const

export const RUNS = {
  name: 'vitrine_runs',
  comment: 'The runs that publish these tables, the failed ones included.',
  columns: RUNS_COLUMNS,
  states: { running: 'running', succeeded: 'succeeded', failed: 'failed' },
  triggers: { command: 'command', schedule: 'schedule', follow: 'follow', rollback: 'rollback' },
} as const satisfies RunsView

const UNKNOWNS_COLUMNS = {
  table: { name: 'table_name', comment: 'The published table.' },
  reason: { name: 'reason', comment: 'Why something of a row is unknown.' },
  rows: { name: 'row_count', comment: 'Rows with something unknown for this reason.' },
  dataOf: { name: 'data_of', comment: 'Of when the data of the table are.' },
} as const

export const UNKNOWNS = {
  name: 'vitrine_unknowns',
  comment: 'Why values of the published tables are unknown, and in how many rows.',
  columns: UNKNOWNS_COLUMNS,
} as const satisfies UnknownsView

/** A column of such a view: its type, whether it may be NULL, and its closed list of values if it has one. */
export interface OwnViewColumn {
  readonly name: string
  readonly comment: string | null
  readonly kind: ScalarKind
  readonly isNullable: boolean
  readonly values: readonly string[] | null
}

export interface OwnViewShape {
  readonly is: keyof OwnViewSettings
  readonly name: string
  readonly comment: string
  /** In the order of the view. */
  readonly columns: readonly OwnViewColumn[]
}

const column = ({ name, comment }: Described, kind: ScalarKind, isNullable = false, words?: object): OwnViewColumn => ({
  name,
  comment: comment === '' ? null : comment,
  kind,
  isNullable,
  values: words === undefined ? null : Object.values(words),
})

/** The shape of each of the tool's views, for questions, Metabase, the dictionary and the target. */
export function ownViewShapes({ freshness, runs, unknowns }: OwnViewSettings): readonly OwnViewShape[] {
  const fresh = (key: keyof FreshnessView['columns']) => ({ name: freshness.columns[key], comment: '' })
  const run = runs.columns
  const unknown = unknowns.columns
  return [
    {
      ...{ is: 'freshness', name: freshness.name, comment: freshness.comment },
      columns: [
        column(fresh('table'), 'text'),
        column(fresh('rows'), 'bigint'),
        column(fresh('dataOf'), 'timestamptz'),
        column(fresh('publishedAt'), 'timestamptz'),
      ],
    },
    {
      ...{ is: 'runs', name: runs.name, comment: runs.comment },
      columns: [
        column(run.run, 'bigint'),
        column(run.startedAt, 'timestamptz'),
        column(run.finishedAt, 'timestamptz', true),
        column(run.state, 'text', false, runs.states),
        column(run.trigger, 'text', false, runs.triggers),
        column(run.dataOf, 'timestamptz', true),
        column(run.publishedAt, 'timestamptz', true),
        column(run.seconds, 'numeric', true),
        column(run.tables, 'bigint'),
        column(run.rows, 'bigint'),
        column(run.errorCode, 'text', true),
      ],
    },
    {
      ...{ is: 'unknowns', name: unknowns.name, comment: unknowns.comment },
      columns: [
        column(unknown.table, 'text'),
        column(unknown.reason, 'text'),
        column(unknown.rows, 'bigint'),
        column(unknown.dataOf, 'timestamptz'),
      ],
    },
  ]
}
