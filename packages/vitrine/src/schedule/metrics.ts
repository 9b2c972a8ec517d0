/**
 * What monitors read of an installation as Prometheus reads them: text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. Names and units are a promise: dashboards and alert
 * rules of others are written on them.
 */

import type { MonitorFacts } from './monitor-facts.ts'

/** Of the content of `metricsText`. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const seconds = (at: Date | null): number | null => (at === null ? null : at.getTime() / 1000)

/** The answer to `GET /metrics`; null when the target did not answer, which is worth a sample as well. */
export function metricsText(facts: MonitorFacts | null): string {
  const reachable = family('vitrine_target_reachable', 'Whether the target answered (1) or not (0).', [
    sample(facts === null ? 0 : 1),
  ])
  if (facts === null) return reachable
  const { at, tables } = facts
  const age = (dataOf: Date | null) => (dataOf === null ? null : (at.getTime() - dataOf.getTime()) / 1000)
  return [
    reachable,
    family('vitrine_stale', 'Whether the version that was due is missing (1) or published (0).', [
      sample(facts.state === 'stale' ? 1 : 0),
    ]),
    family('vitrine_due_timestamp_seconds', 'The due time that a version had to be published after.', [
      sample(seconds(facts.due)),
    ]),
    family('vitrine_next_due_timestamp_seconds', 'When the next run is due.', [sample(seconds(facts.nextDue))]),
    family('vitrine_last_success_timestamp_seconds', 'When the last version was published.', [
      sample(seconds(facts.lastSuccess)),
    ]),
    family('vitrine_last_run_duration_seconds', 'How long the last run took that ended.', [
      sample(facts.lastRunMs === null ? null : facts.lastRunMs / 1000),
    ]),
    family('vitrine_run_under_way', 'Whether a run is under way (1) or not (0).', [sample(facts.underWay ? 1 : 0)]),
    family('vitrine_failures_in_a_row', 'Runs that failed since the last one that published.', [
      sample(facts.failuresInARow),
    ]),
    family(
      'vitrine_runs',
      'Runs in the record, by state.',
      Object.entries(facts.runs).map(([state, count]) => sample(count, { state })),
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
