/**
 * Logical replication of the same two tables, set up as in PostgreSQL's manual. Measures the first copy, a change of many rows,
 * the WAL that the source keeps while the subscriber is away, and a new column. It lists columns and can compute nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, Client as Session } from 'pg'
import { READER } from './publication.ts'
import { cpuOf, walOf } from './server-cpu.ts'
import { type BenchServers, withClient } from './servers.ts'

const CHANGED_ROWS = 10_000
const ASK_EVERY_MS = 2
/** Longest wait for a subscription, which retries every five seconds after an error. */
const PATIENCE_MS = 120_000

export interface Replicated {
  readonly seconds: number
  readonly sourceCpu: number
  readonly targetCpu: number
  readonly targetWal: number
  /** Number of the reader's queries during the first copy. */
  readonly asked: number
  /** Those that found rows in only one of the two tables. */
  readonly half: number
  /** Those that found both tables empty. */
  readonly empty: number
  readonly change: { readonly rows: number; readonly milliseconds: number; readonly cpu: number }
  /** Bytes of WAL that the source keeps for an absent subscriber during such a change. */
  readonly kept: number
  /** How often the subscription failed after a column was added to the publication. */
  readonly stops: number
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await done()); await sleep(ASK_EVERY_MS)) {
    if (performance.now() > end) throw new Error('the subscription did not come to its end')
  }
}

/** Asks again and again whether the tables have rows. Returns what stops it. */
async function ask(url: string, schema: string) {
  const client = new Session({ connectionString: url, application_name: 'bench asks' })
  await client.connect()
  const seen = { asked: 0, half: 0, empty: 0 }
  let asking = true
  const loop = (async () => {
    for (; asking; await sleep(ASK_EVERY_MS)) {
      const { rows } = await client.query<{ company: boolean; membership: boolean }>(
        `select exists (select from ${schema}.company) as company, exists (select from ${schema}.membership) as membership`,
      )
      const { company = false, membership = false } = rows[0] ?? {}
      seen.asked += 1
      if (company !== membership) seen.half += 1
      else if (!company) seen.empty += 1
    }
  })()
  return async () => {
    asking = false
    await loop
    await client.end()
    return seen
  }
}

const one = async (client: Client, sql: string): Promise<string> => {
  const { rows } = await client.query<{ value: unknown }>(sql)
  return String(rows[0]?.value)
}

async function measured(source: Client, target: Client, schema: string, url: string, reader: string) {
  const before = { source: await cpuOf(source), target: await cpuOf(target), wal: await walOf(target) }
  const started = performance.now()
  const stopAsking = await ask(reader, schema)
  await target.query(`create subscription shown connection '${url}' publication shown`)
  await until(
    async () => (await one(target, "select bool_and(srsubstate = 'r') as value from pg_subscription_rel")) === 'true',
  )
  const seconds = (performance.now() - started) / 1000
  const seen = await stopAsking()
  return {
    seconds,
    ...seen,
    sourceCpu: (await cpuOf(source)) - before.source,
    targetCpu: (await cpuOf(target)) - before.target,
    targetWal: (await walOf(target)) - before.wal,
  }
}

const changeRows = (source: Client, schema: string) =>
  source.query(`update ${schema}.company set name = reverse(name) where id <= ${CHANGED_ROWS}`)

const caughtUp = (source: Client) => async () =>
  (await one(
    source,
    'select coalesce(bool_and(replay_lsn >= pg_current_wal_lsn()), false) as value from pg_stat_replication',
  )) === 'true'

async function changed(source: Client, target: Client, schema: string): Promise<Replicated['change']> {
  await until(caughtUp(source))
  const cpu = (await cpuOf(source)) + (await cpuOf(target))
  await changeRows(source, schema)
  const started = performance.now()
  await until(caughtUp(source))
  const milliseconds = performance.now() - started
  return { rows: CHANGED_ROWS, milliseconds, cpu: (await cpuOf(source)) + (await cpuOf(target)) - cpu }
}

async function keptWhileAway(source: Client, target: Client, schema: string): Promise<number> {
  const retained = 'select pg_current_wal_lsn() - restart_lsn as value from pg_replication_slots'
  await target.query('alter subscription shown disable')
  await until(async () => (await one(source, 'select bool_or(active) as value from pg_replication_slots')) === 'false')
  const before = Number(await one(source, retained))
  await changeRows(source, schema)
  const kept = Number(await one(source, retained)) - before
  await target.query('alter subscription shown enable')
  await until(caughtUp(source))
  return kept
}

/** Adds a column to the source table and to the publication, but not to the subscriber. Returns its number of failures. */
async function stopsAtColumn(source: Client, target: Client, schema: string): Promise<number> {
  await source.query(`alter table ${schema}.company add column note text`)
  await source.query(
    `alter publication shown set table ${schema}.company (id, name, note), ${schema}.membership (id, company_id)`,
  )
  await changeRows(source, schema)
  const errors = "select apply_error_count as value from pg_stat_subscription_stats where subname = 'shown'"
  await until(async () => Number(await one(target, errors)) > 0)
  return Number(await one(target, errors))
}

/** Measures replication between `servers`, which must have wal_level = logical. */
export async function replicate(servers: BenchServers, schema: string): Promise<Replicated> {
  await servers.emptyTarget('reference')
  const url = new URL(servers.sourceUrl())
  const place = `host=${url.hostname} port=${url.port} dbname=${url.pathname.slice(1)} user=${url.username} password=${url.password}`
  return withClient(servers.sourceUrl(), (source) =>
    withClient(servers.adminUrl('reference'), async (target) => {
      await target.query(`
        create schema ${schema}; grant usage on schema ${schema} to ${READER};
        create table ${schema}.company (id bigint primary key, name varchar(250) not null);
        create table ${schema}.membership (id bigint primary key, company_id bigint not null references ${schema}.company);
        create index on ${schema}.membership (company_id);
        grant select on all tables in schema ${schema} to ${READER}`)
      await source.query(
        `create publication shown for table ${schema}.company (id, name), ${schema}.membership (id, company_id)`,
      )
      try {
        await servers.settle()
        const copy = await measured(source, target, schema, place, servers.targetUrl('reference', READER))
        const change = await changed(source, target, schema)
        const kept = await keptWhileAway(source, target, schema)
        return { ...copy, change, kept, stops: await stopsAtColumn(source, target, schema) }
      } finally {
        await target.query('drop subscription if exists shown')
        await source.query(`drop publication shown; alter table ${schema}.company drop column if exists note`)
      }
    }),
  )
}
