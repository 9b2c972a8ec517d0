/** The views of the tool beside the published tables: what a publication says about them, and what they are called if it says nothing. */

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
  triggers: { command: 'command', schedule: 'schedule', rollback: 'rollback' },
} as const satisfies RunsView
