/** Invents past runs, for a demonstration with invented data. Exported by `vitrine/testing`; the tool itself never calls it. */
import type { Target } from '../catalogue/target.ts'

export interface InventedRun {
  readonly startedAt: Date
  readonly milliseconds: number
  readonly trigger: 'schedule' | 'command'
  /** Null for one that published. */
  readonly failure: { readonly code: string; readonly phase: string } | null
  /** Its number of rows as a share of today's. */
  readonly share: number
  /** The share of a table’s rows with something unknown, by table and reason, where it differs from today. */
  readonly unknown: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** Each copies the newest run that published every table, with a share of its rows. Oldest first. */
export async function inventRuns({ session, publication }: Target, runs: readonly InventedRun[]): Promise<void> {
  const given = runs.map(({ startedAt, milliseconds, failure, ...rest }) => ({
    ...rest,
    started: startedAt,
    ended: new Date(startedAt.getTime() + milliseconds),
    code: failure?.code ?? null,
    phase: failure?.phase ?? 'record',
  }))
  await session.query(
    `with model as (
       select * from vitrine.run where schema_name = $1 and whole and published_at is not null order by id desc limit 1
     ), given as (
       select *, row_number() over (order by started) as place
       from pg_catalog.jsonb_to_recordset($2::jsonb) as row
         (started timestamptz, ended timestamptz, trigger text, code text, phase text, share float8, unknown jsonb)
     ), made as (
       insert into vitrine.run (schema_name, trigger, state, phase, fingerprint, tool_version, started_at, data_of, published_at,
                                finished_at, error_code, whole)
       select m.schema_name, g.trigger, case when g.code is null then 'succeeded' else 'failed' end, g.phase, m.fingerprint,
              m.tool_version, g.started, case when g.code is null then g.started end,
              case when g.code is null then g.ended end, g.ended, g.code, g.code is null
       from given g cross join model m order by g.place
       returning id, started_at, published_at
     )
     insert into vitrine.run_table (run_id, table_name, carried, row_count, bytes, milliseconds, unknown)
     select r.id, t.table_name, false, round(t.row_count * g.share)::bigint, round(t.bytes * g.share)::bigint, t.milliseconds,
            coalesce((select jsonb_object_agg(u.reason, round(u.share::float8 * t.row_count))
                      from pg_catalog.jsonb_each_text(g.unknown -> t.table_name) as u (reason, share)), t.unknown)
     from made r join given g on g.started = r.started_at
     join vitrine.run_table t on t.run_id = (select id from model) where r.published_at is not null`,
    [publication.schema, JSON.stringify(given)],
  )
}
