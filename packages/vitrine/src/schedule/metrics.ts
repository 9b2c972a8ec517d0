/**
 * What monitors read of an installation as Prometheus reads them: text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. Names and units are a promise: dashboards and alert
 * rules of others are written on them.
 */
import type { MonitorFacts, TableState } from './monitor-facts.ts'

/** Of the content of `metricsText`. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The answer to `GET /metrics`; null when the target did not answer, which is worth a sample as well. */
export function metricsText(facts: MonitorFacts | null): string {
  const reachable = gauge('vitrine_target_reachable', 'Whether the target answered (1) or not (0).', facts !== null)
  if (facts === null) return reachable
  const {
    at,
    state,
    due,
    nextDue,
    lastSuccess,
    lastRunMs,
    underWay,
    failuresInARow,
    runs,
    tables,
    missing,
    kept,
    left,
  } = facts
  const age = ({ dataOf }: TableState) => (dataOf === null ? null : (at.getTime() - dataOf.getTime()) / 1000)
  const byTable = (value: (table: TableState) => number | null) => tables.map((one) => [one.table, value(one)] as const)
  return [
    reachable,
    gauge(
      'vitrine_stale',
      'Whether the version is not fresh (1), for whatever reason, or fresh (0).',
      state !== 'fresh',
    ),
    gauge('vitrine_missing', 'What readers do not find, or may not read, of what was published.', missing.length),
    gauge('vitrine_version_kept', 'Whether a version is kept for a rollback (1) or not (0).', kept === 'there'),
    gauge('vitrine_versions_left', 'Retired versions that could not be removed.', left.length),
    gauge('vitrine_due_timestamp_seconds', 'The due time that a version had to be published after.', due),
    gauge('vitrine_next_due_timestamp_seconds', 'When the next run is due.', nextDue),
    gauge('vitrine_last_success_timestamp_seconds', 'When the last version was published.', lastSuccess),
    gauge('vitrine_last_run_duration_seconds', 'How long the last run took that ended.', lastRunMs && lastRunMs / 1000),
    gauge('vitrine_run_under_way', 'Whether a run is under way (1) or not (0).', underWay !== null),
    gauge('vitrine_failures_in_a_row', 'Runs that failed since the last one that published.', failuresInARow),
    family('vitrine_runs', 'Runs in the record, by state.', 'state', Object.entries(runs)),
    family(
      'vitrine_table_rows',
      'Rows of each published table.',
      'table',
      byTable(({ rows }) => rows),
    ),
    family('vitrine_table_age_seconds', 'How old the data of each published table is.', 'table', byTable(age)),
  ].join('')
}

/** Null when it is not known: the sample is left out then. */
type Value = number | boolean | Date | null

const gauge = (name: string, help: string, value: Value): string => family(name, help, null, [['', value]])

/** One sample for each value of a label. All are gauges: each can fall. A family without any sample is left out. */
function family(name: string, help: string, label: string | null, samples: readonly (readonly [string, Value])[]) {
  const lines = samples.flatMap(([of, value]) => {
    if (value === null) return []
    const labels = label === null ? '' : `{${label}="${escaped(of)}"}`
    return [`${name}${labels} ${value instanceof Date ? value.getTime() / 1000 : Number(value)}\n`]
  })
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
