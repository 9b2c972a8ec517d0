/** Totals over the recorded runs for monitors, and the start of the last run that published everything. */
import type { Session } from '../postgres/connect.ts'
import { bookkeepingIsCurrent } from './bookkeeping.ts'

export interface RunTotals {
  /** When the last version was published; null when none is there. */
  readonly lastSuccess: Date | null
  /** Of the last run that ended, in milliseconds. */
  readonly lastRunMs: number | null
  /** Runs that failed since the last one that published. */
  readonly failuresInARow: number
  /** Runs in the record, by state. */
  readonly runs: Readonly<Record<string, number>>
}

export const NO_RUNS: RunTotals = Object.freeze({ lastSuccess: null, lastRunMs: null, failuresInARow: 0, runs: {} })

/** The target's clock. Freshness and due times use no other, because it dates the runs. */
export async function targetNow(session: Session): Promise<Date> {
  const [clock] = await session.query<{ now: Date }>('select clock_timestamp() as now')
  return (clock as { now: Date }).now // sound because a select without a table returns one row.
}

/** The bookkeeping must be there. */
export async function runTotals(session: Session, schema: string): Promise<RunTotals> {
  const [row] = await session.query<RunTotals>(
    `with run as (select id, state, started_at, published_at, finished_at from vitrine.run where schema_name = $1),
          published as (select id, published_at from run where published_at is not null order by id desc limit 1)
     select (select published_at from published) as "lastSuccess",
            (select (extract(epoch from finished_at - started_at) * 1000)::float8 from run
             where finished_at is not null order by id desc limit 1) as "lastRunMs",
            (select count(*)::integer from run
             where state = 'failed' and id > coalesce((select id from published), 0)) as "failuresInARow",
            (select coalesce(jsonb_object_agg(state, runs), '{}')
             from (select state, count(*) as runs from run group by state order by state) as counted) as runs`,
    [schema],
  )
  return row ?? NO_RUNS
}

/**
 * When the last run that published every table started; null when none did or when what it published has been dropped.
 * The last is the one with the highest number: numbers go up even when a clock goes back. A run of some tables only does
 * not count, nor does one between due times, nor a rollback: what it takes back was the run of its due time, and would be
 * published again at once.
 */
export async function lastWholeStart(target: Session, schema: string): Promise<Date | null> {
  // Without it, or in an older layout, the run itself says that the target must be migrated.
  if (!(await bookkeepingIsCurrent(target))) return null
  const [run] = await target.query<{ started: Date }>(
    `select r.started_at as started
     from vitrine.run r
     where r.schema_name = $1 and r.published_at is not null and r.whole and r.trigger not in ('rollback', 'follow')
       and exists (select from vitrine.freshness f where f.schema_name = $1)
     order by r.id desc limit 1`,
    [schema],
  )
  return run?.started ?? null
}
