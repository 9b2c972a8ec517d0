/**
 * The figures of an installation as Prometheus reads them: text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. Names and units are a promise: dashboards and alert
 * rules of others are written on them.
 */

/** What is known of the published schema at an instant. */
export interface Figures {
  readonly at: Date
  readonly state: 'fresh' | 'stale'
  /** The due time that a version had to be published after, and the next one. */
  readonly due: Date
  readonly nextDue: Date
  /** When the last version was published; null when none is there. */
  readonly lastSuccess: Date | null
  /** Whether a run is under way. */
  readonly underWay: boolean
  /** Of the last run that ended, in milliseconds. */
  readonly lastRunMs: number | null
  /** Runs that failed since the last one that published. */
  readonly failuresInARow: number
  /** Runs in the record, by state. */
  readonly runs: Readonly<Record<string, number>>
  readonly tables: readonly { readonly table: string; readonly rows: number | null; readonly dataOf: Date | null }[]
}

/** Of the content of `metricsText`. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const seconds = (at: Date | null): number | null => (at === null ? null : at.getTime() / 1000)

/** The answer to `GET /metrics`; null figures when the target did not answer, which is a figure as well. */
export function metricsText(figures: Figures | null): string {
  const reachable = family('vitrine_target_reachable', 'Whether the target answered (1) or not (0).', [
    sample(figures === null ? 0 : 1),
  ])
  if (figures === null) return reachable
  const { at, tables } = figures
  const age = (dataOf: Date | null) => (dataOf === null ? null : (at.getTime() - dataOf.getTime()) / 1000)
  return [
    reachable,
    family('vitrine_stale', 'Whether the version that was due is missing (1) or published (0).', [
      sample(figures.state === 'stale' ? 1 : 0),
    ]),
    family('vitrine_due_timestamp_seconds', 'The due time that a version had to be published after.', [
      sample(seconds(figures.due)),
    ]),
    family('vitrine_next_due_timestamp_seconds', 'When the next run is due.', [sample(seconds(figures.nextDue))]),
    family('vitrine_last_success_timestamp_seconds', 'When the last version was published.', [
      sample(seconds(figures.lastSuccess)),
    ]),
    family('vitrine_last_run_duration_seconds', 'How long the last run took that ended.', [
      sample(figures.lastRunMs === null ? null : figures.lastRunMs / 1000),
    ]),
    family('vitrine_run_under_way', 'Whether a run is under way (1) or not (0).', [sample(figures.underWay ? 1 : 0)]),
    family('vitrine_failures_in_a_row', 'Runs that failed since the last one that published.', [
      sample(figures.failuresInARow),
    ]),
    family(
      'vitrine_runs',
      'Runs in the record, by state.',
      Object.entries(figures.runs).map(([state, count]) => sample(count, { state })),
    ),
    family(
      'vitrine_table_rows',
      'Rows of each published table.',
      tables.map(({ table, rows }) => sample(rows, { table })),
    ),
    family(
      'vitrine_table_age_seconds',
      'How old the data of each published table is.',
      tables.map(({ table, dataOf }) => sample(age(dataOf), { table })),
    ),
  ].join('')
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  /** Null when it is not known: the sample is left out then. */
  readonly value: number | null
}

const sample = (value: number | null, labels: Sample['labels'] = {}): Sample => ({ labels, value })

/** All are gauges: each can fall. A family without any sample is left out. */
function family(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.flatMap(({ labels, value }) =>
    value === null ? [] : [`${name}${labelText(labels)} ${value}\n`],
  )
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
