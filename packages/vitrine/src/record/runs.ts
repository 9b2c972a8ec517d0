/** The record of runs in the bookkeeping: their beginning, phases, the counts of each table, and their end. */
import type { Problem, VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { TOOL_VERSION } from '../base/version.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { fingerprintOf } from '../publication/shape.ts'
import type { FigureWarning, Suppressed, SwitchResult, TableWay } from './outcome.ts'

export const PHASES = ['check', 'snapshot', 'stage', 'verify', 'publish', 'describe', 'record'] as const
export type Phase = (typeof PHASES)[number]

export type Trigger = 'command' | 'schedule' | 'follow' | 'rollback'

/** One table of a run. `added`, `changed` and `removed` are null where the comparison was not made. */
export interface TableOutcome {
  readonly table: string
  /** Taken over from the version before, because the run was for other tables. */
  readonly carried: boolean
  /** Read whole, or only what changed since the kept version, or not read at all. */
  readonly way: TableWay
  /** Why it was read whole; null when it was not, or when a delta was not considered. */
  readonly reason: string | null
  readonly rows: number
  readonly added: number | null
  readonly changed: number | null
  readonly removed: number | null
  readonly bytes: number
  readonly milliseconds: number
  /** Rows with something unknown, by reason. */
  readonly unknown: Readonly<Record<string, number>>
  /** Figures that moved implausibly since the version before. */
  readonly warnings: readonly FigureWarning[]
  /** Null where the definition suppresses nothing, and for a carried table. */
  readonly suppressed: Suppressed | null
}

/**
 * Opens the record of a run. Other runs marked as running are dead, because the caller holds the lock: they are closed as
 * succeeded if they had published, as failed otherwise, without an end time.
 */
export async function beginRun({ session, publication }: Target, trigger: Trigger): Promise<number> {
  const { schema } = publication
  await session.query(
    `update vitrine.run
     set state = case when published_at is null then 'failed' else 'succeeded' end,
         error_code = case when published_at is null then 'INTERRUPTED' end,
         finished_at = published_at
     where schema_name = $1 and state = 'running'`,
    [schema],
  )
  const [row] = await session.query<{ id: string }>(
    `insert into vitrine.run (schema_name, trigger, state, phase, fingerprint, tool_version, started_at)
     values ($1, $2, 'running', 'check', $3, $4, clock_timestamp()) returning id::text`,
    [schema, trigger, fingerprintOf(publication), TOOL_VERSION],
  )
  return Number(row?.id)
}

export async function enterPhase(target: Session, run: number, phase: Phase): Promise<void> {
  await target.query('update vitrine.run set phase = $2 where id = $1', [run, phase])
}

/** How long the run held its snapshot of the source. */
export async function recordSnapshotTime(target: Session, run: number, milliseconds: number): Promise<void> {
  await target.query('update vitrine.run set snapshot_milliseconds = $2 where id = $1', [run, milliseconds])
}

export type RecordedDrift = Pick<Problem, 'place' | 'detail'>

/** Records tolerated changes of the source. Returns those that the version before was published with. */
export async function recordDrift(
  target: Session,
  run: number,
  drift: readonly RecordedDrift[],
): Promise<readonly RecordedDrift[]> {
  const kept = drift.map(({ place, detail }) => ({ place, detail }))
  const [before] = await target.query<{ drift: readonly RecordedDrift[] }>(
    `with now as (update vitrine.run set drift = $2::jsonb where id = $1 returning schema_name)
     select r.drift from vitrine.run r join now using (schema_name)
     where r.id < $1 and r.published_at is not null and r.trigger <> 'rollback' order by r.id desc limit 1`,
    [run, JSON.stringify(kept)],
  )
  const told = new Set(before?.drift.map(({ place, detail }) => `${place}: ${detail}`))
  return kept.filter(({ place, detail }) => !told.has(`${place}: ${detail}`))
}

async function keepFreshness(target: Session, schema: string): Promise<void> {
  await target.query('delete from vitrine.kept_freshness where schema_name = $1', [schema])
  await target.query('insert into vitrine.kept_freshness select * from vitrine.freshness where schema_name = $1', [
    schema,
  ])
}

/**
 * Inside the switch: records that the run has published, so that freshness changes together with the rows. The freshness
 * from before is saved with the kept version, unless an older version stays kept.
 */
export async function recordPublication(
  target: Session,
  run: number,
  schema: string,
  dataOf: Date,
  tables: readonly TableOutcome[],
  sparesKept: boolean,
): Promise<void> {
  await target.query(
    'update vitrine.run set data_of = $2, published_at = clock_timestamp(), whole = $3 where id = $1',
    [run, dataOf, tables.every(({ carried }) => !carried)],
  )
  if (!sparesKept) await keepFreshness(target, schema)
  await target.query('delete from vitrine.freshness where schema_name = $1 and table_name <> all ($2)', [
    schema,
    tables.map(({ table }) => table),
  ])
  const fresh = tables.filter(({ carried }) => !carried)
  await target.query(
    `insert into vitrine.freshness (schema_name, table_name, row_count, unknown, data_of, published_at)
     select $1, t."table", t.rows, t.unknown, $3, clock_timestamp()
     from jsonb_to_recordset($2::jsonb) as t ("table" text, rows bigint, unknown jsonb)
     on conflict (schema_name, table_name) do update set row_count = excluded.row_count, unknown = excluded.unknown,
       data_of = excluded.data_of, published_at = excluded.published_at`,
    [schema, JSON.stringify(fresh.map(({ table, rows, unknown }) => ({ table, rows, unknown }))), dataOf],
  )
}

/** A history table that a rollback filled again from the ledger. */
export interface RestoredHistory {
  readonly table: string
  readonly rows: number
}

/**
 * Inside the switch of a rollback: the freshness of the published and of the kept version change places, except for history
 * tables, which do not go back. Returns the instant of the data; null when it was never recorded.
 */
export async function recordRollback(
  target: Session,
  run: number,
  schema: string,
  histories: readonly RestoredHistory[],
): Promise<Date | null> {
  const [kept] = await target.query<{ rows: string }>(
    "select coalesce(jsonb_agg(to_jsonb(k)), '[]')::text as rows from vitrine.kept_freshness k where schema_name = $1",
    [schema],
  )
  await keepFreshness(target, schema)
  await target.query('delete from vitrine.freshness where schema_name = $1 and table_name <> all ($2)', [
    schema,
    histories.map(({ table }) => table),
  ])
  await target.query(
    `insert into vitrine.freshness select * from jsonb_populate_recordset(null::vitrine.freshness, $1::jsonb)
     on conflict (schema_name, table_name) do nothing`,
    [kept?.rows ?? '[]'],
  )
  await target.query(
    `update vitrine.freshness f set row_count = t.count from unnest($2::text[], $3::bigint[]) as t (name, count)
     where f.schema_name = $1 and f.table_name = t.name`,
    [schema, histories.map(({ table }) => table), histories.map(({ rows }) => rows)],
  )
  const [published] = await target.query<{ dataOf: Date | null }>(
    `update vitrine.run set published_at = clock_timestamp(),
       data_of = (select max(data_of) from vitrine.freshness where schema_name = $2 and table_name <> all ($3))
     where id = $1 returning data_of as "dataOf"`,
    [run, schema, histories.map(({ table }) => table)],
  )
  return published?.dataOf ?? null
}

/** Ends a run that published; without a switch when it was a rehearsal. */
export async function succeedRun(
  target: Session,
  run: number,
  tables: readonly TableOutcome[],
  phases: Readonly<Partial<Record<Phase, number>>>,
  switched: SwitchResult | null,
  limits: Limits,
): Promise<void> {
  await target.transaction(async () => {
    await target.query(
      `insert into vitrine.run_table (run_id, table_name, carried, row_count, added, changed, removed, bytes, milliseconds, unknown, warnings, suppressed, way, reason)
       select $1, * from jsonb_to_recordset($2::jsonb) as t (
         "table" text, carried boolean, rows bigint, added bigint, changed bigint, removed bigint, bytes bigint, milliseconds integer, unknown jsonb, warnings jsonb, suppressed jsonb, way text, reason text)`,
      [run, JSON.stringify(tables.map((table) => ({ ...table, milliseconds: Math.round(table.milliseconds) })))],
    )
    await target.query(
      "update vitrine.run set state = 'succeeded', finished_at = clock_timestamp(), phases = $2, switched = $3 where id = $1",
      [run, JSON.stringify(phases), switched === null ? null : JSON.stringify(switched)],
    )
    await target.query(
      // The last run that published everything says what is due, however many others came after it.
      // Runs of `follow` are many: they get at most a tenth of the record.
      `with ours as (select id, trigger = 'follow' as follows, whole and trigger not in ('rollback', 'follow') as counts from vitrine.run
                     where schema_name = (select schema_name from vitrine.run where id = $1))
       delete from vitrine.run where (id in (select id from ours order by id desc offset $2)
         or id in (select id from ours where follows order by id desc offset $3)) and id is distinct from (select max(id) from ours where counts)`,
      [run, limits.runsKept, Math.ceil(limits.runsKept / 10)],
    )
  })
}

/**
 * Ends a run that failed, with phase, code and place, without a server's message. Returns whether it had published all the same: if the
 * connection was lost during the commit of the switch, only the record tells.
 */
export async function failRun(target: Session, run: number, phase: Phase, error: VitrineError): Promise<boolean> {
  const [ended] = await target.query<{ published: boolean }>(
    `update vitrine.run
     set phase = $4, state = case when published_at is null then 'failed' else 'succeeded' end, finished_at = clock_timestamp(),
         error_code = case when published_at is null then $2 end, error_place = case when published_at is null then $3 end
     where id = $1 returning published_at is not null as published`,
    [run, error.code, error.place ?? null, phase],
  )
  return ended?.published === true
}

export interface RunRecord {
  readonly id: number
  readonly trigger: Trigger
  readonly state: 'running' | 'succeeded' | 'failed'
  readonly phase: Phase
  /** Of the definition that it published. */
  readonly fingerprint: string
  readonly toolVersion: string
  readonly startedAt: Date
  readonly dataOf: Date | null
  readonly publishedAt: Date | null
  readonly finishedAt: Date | null
  readonly errorCode: string | null
  readonly errorPlace: string | null
  /** Milliseconds of each phase; empty for a run that did not end well. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>
  /** For how long it held its snapshot of the source; null when it took none. */
  readonly snapshotMilliseconds: number | null
  /** How the version was switched; null for a run that did not publish, or did not end well. */
  readonly switched: SwitchResult | null
  /** Where the source had changed, and no query read it. */
  readonly drift: readonly RecordedDrift[]
  readonly tables: readonly TableOutcome[]
}

/** The latest runs of a published schema, newest first, with their tables; up to a number of run when one is given. */
export async function latestRuns(
  target: Session,
  schema: string,
  count: number,
  upTo: number | null = null,
): Promise<readonly RunRecord[]> {
  return target.query<RunRecord>(
    `select r.id::integer, r.trigger, r.state, r.phase, r.fingerprint, r.tool_version as "toolVersion", r.started_at as "startedAt", r.data_of as "dataOf", r.published_at as "publishedAt",
            r.finished_at as "finishedAt", r.error_code as "errorCode", r.error_place as "errorPlace", r.phases,
            r.snapshot_milliseconds as "snapshotMilliseconds", r.switched, r.drift,
            coalesce((select jsonb_agg(jsonb_build_object('table', t.table_name, 'carried', t.carried, 'rows', t.row_count, 'added', t.added,
              'changed', t.changed, 'removed', t.removed, 'bytes', t.bytes, 'milliseconds', t.milliseconds, 'unknown', t.unknown, 'warnings', t.warnings, 'suppressed', t.suppressed,
              'way', coalesce(t.way, case when t.carried then 'carried' else 'full' end), 'reason', t.reason) order by t.table_name)
              from vitrine.run_table t where t.run_id = r.id), '[]') as tables
     from vitrine.run r where r.schema_name = $1 and ($3::bigint is null or r.id <= $3) order by r.id desc limit $2`,
    [schema, count, upTo],
  )
}

export interface TableFreshness {
  readonly table: string
  readonly rows: number
  readonly dataOf: Date
  readonly publishedAt: Date
}

export async function freshnessOf(target: Session, schema: string): Promise<readonly TableFreshness[]> {
  return target.query<TableFreshness>(
    `select table_name as table, row_count::float8 as rows, data_of as "dataOf", published_at as "publishedAt"
     from vitrine.freshness where schema_name = $1 order by table_name`,
    [schema],
  )
}

/** Rows of each table of the published or of the kept version, as its run recorded them; missing for a table never filled. */
export async function recordedRows(
  target: Session,
  schema: string,
  which: 'freshness' | 'kept_freshness',
): Promise<ReadonlyMap<string, number>> {
  const rows = await target.query<{ name: string; rows: number }>(
    `select table_name as name, row_count::float8 as rows from vitrine.${which} where schema_name = $1`,
    [schema],
  )
  return new Map(rows.map(({ name, rows: count }) => [name, count]))
}

/** Milliseconds that each table took in the last run that read it from the source; missing for one never read. */
export async function lastMilliseconds(target: Session, schema: string): Promise<ReadonlyMap<string, number>> {
  const rows = await target.query<{ name: string; milliseconds: number }>(
    `select distinct on (t.table_name) t.table_name as name, t.milliseconds
     from vitrine.run_table t join vitrine.run r on r.id = t.run_id
     where r.schema_name = $1 and r.trigger <> 'rollback' and not t.carried order by t.table_name, r.id desc`,
    [schema],
  )
  return new Map(rows.map(({ name, milliseconds }) => [name, milliseconds]))
}
