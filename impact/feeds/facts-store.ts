/**
 * The SQL on the tables of facts: which companies to ask about, where a fetch gathers, how it replaces the facts in one transaction,
 * and what `feeds_releve` records about a source. The feeds decide what a fact is.
 */
import type { ClientBase } from 'pg'
import { FeedError } from './feed-error.ts'
import type { RaisonReleve } from './raisons.ts'

export const FEEDS = ['egapro', 'bges'] as const
/** The values of `feeds_releve.source`. */
export type Feed = (typeof FEEDS)[number]

/** Advisory locks of the operational database: arbitrary numbers that nothing else uses. */
const LOCKS: Readonly<Record<Feed, number>> = { egapro: 4_850_264, bges: 4_850_265 }
/** Readers do not block the replacement, only locks taken by hand do: then it fails instead of blocking the night. */
const LOCK_TIMEOUT_MS = 30_000

const TABLES = ['entreprises_entreprise', 'feeds_egapro', 'feeds_bges', 'feeds_releve']

/** Runs a statement; errors of the server become `FEED_DATABASE_FAILED`, without their text. */
async function ask<Row extends object>(client: ClientBase, text: string, values: readonly unknown[] = []) {
  try {
    return await client.query<Row>(text, [...values])
  } catch (cause) {
    throw new FeedError('FEED_DATABASE_FAILED', { cause })
  }
}

/** Throws `FEED_NOT_MIGRATED`. */
export async function assertMigrated(client: ClientBase): Promise<void> {
  const { rows } = await ask<{ name: string }>(
    client,
    `select name from unnest($1::text[]) as name where to_regclass('public.' || name) is null order by name`,
    [TABLES],
  )
  if (rows.length === 0) return
  throw new FeedError('FEED_NOT_MIGRATED', { detail: `without ${rows.map(({ name }) => name).join(', ')}` })
}

/** Holds the feed's lock during `work`. Throws `FEED_BUSY`. */
export async function withFeedLock<T>(client: ClientBase, feed: Feed, work: () => Promise<T>): Promise<T> {
  const { rows } = await ask<{ taken: boolean }>(client, 'select pg_try_advisory_lock($1) as taken', [LOCKS[feed]])
  if (rows[0]?.taken !== true) throw new FeedError('FEED_BUSY', { place: feed })
  try {
    return await work()
  } finally {
    // This fails on a lost connection, which has released the lock.
    await client.query('select pg_advisory_unlock($1)', [LOCKS[feed]]).catch(() => undefined)
  }
}

export async function companySirens(client: ClientBase): Promise<readonly string[]> {
  const { rows } = await ask<{ siren: string }>(
    client,
    'select siren from public.entreprises_entreprise order by siren',
  )
  return rows.map(({ siren }) => siren)
}

/** Companies whose declaration of the year is known. */
export async function knownEgapro(client: ClientBase, annee: number): Promise<ReadonlySet<string>> {
  const { rows } = await ask<{ siren: string }>(
    client,
    `select f.siren
     from public.feeds_egapro f
     join public.entreprises_entreprise e on e.siren = f.siren
     where f.annee = $1 and f.etat = 'connu'`,
    [annee],
  )
  return new Set(rows.map(({ siren }) => siren))
}

export async function countBges(client: ClientBase): Promise<number> {
  const { rows } = await ask<{ lines: string }>(client, 'select count(*) as lines from public.feeds_bges')
  return Number(rows[0]?.lines ?? 0)
}

/** Whether the facts of a feed were completely renewed at or after an instant. */
export async function renewedSince(client: ClientBase, feed: Feed, since: Date): Promise<boolean> {
  const { rows } = await ask<{ there: boolean }>(
    client,
    "select to_regclass('public.feeds_releve') is not null as there",
  )
  if (rows[0]?.there !== true) return false
  const found = await ask(
    client,
    `select from public.feeds_releve where source = $1 and etat = 'connu' and raison is null and releve_le >= $2`,
    [feed, since],
  )
  return found.rows.length > 0
}

/** Temporary tables where a fetch gathers, so that a failed fetch leaves nothing behind. */
const GATHER = {
  egapro: `create temporary table gathered_egapro (
    siren varchar(9) not null, etat varchar(20) not null, reponse_api jsonb, raison varchar(60), releve_le timestamptz not null
  )`,
  bges: `create temporary table gathered_bges (siren varchar(9) not null, dt_publication date not null)`,
} as const satisfies Record<Feed, string>

export async function openGathering(client: ClientBase, feed: Feed): Promise<void> {
  await closeGathering(client, feed)
  await ask(client, GATHER[feed])
}

export async function closeGathering(client: ClientBase, feed: Feed): Promise<void> {
  await ask(client, `drop table if exists pg_temp.gathered_${feed}`)
}

export interface EgaproRow {
  readonly siren: string
  readonly etat: string
  readonly reponse: string | null
  readonly raison: string | null
  readonly releve_le: Date
}

export async function gatherEgapro(client: ClientBase, rows: readonly EgaproRow[]): Promise<void> {
  await ask(
    client,
    `insert into pg_temp.gathered_egapro (siren, etat, reponse_api, raison, releve_le)
     select siren, etat, reponse::jsonb, raison, releve_le
     from json_to_recordset($1)
       as given (siren text, etat text, reponse text, raison text, releve_le timestamptz)`,
    [JSON.stringify(rows)],
  )
}

/** @param lines with dates as `YYYY-MM-DD`. */
export async function gatherBges(
  client: ClientBase,
  lines: readonly { readonly siren: string; readonly date: string }[],
): Promise<void> {
  await ask(
    client,
    `insert into pg_temp.gathered_bges (siren, dt_publication)
     select siren, date from json_to_recordset($1) as given (siren text, date date)`,
    [JSON.stringify(lines)],
  )
}

/** Replaces answers of the year by the gathered ones, and deletes those of companies that no longer exist. Returns the rows of the year. */
export async function replaceEgapro(client: ClientBase, annee: number, at: Date): Promise<number> {
  return inTransaction(client, async () => {
    await ask(
      client,
      `delete from public.feeds_egapro f
       where f.annee = $1 and not exists (select from public.entreprises_entreprise e where e.siren = f.siren)`,
      [annee],
    )
    await ask(
      client,
      `insert into public.feeds_egapro (siren, annee, etat, reponse_api, raison, releve_le)
       select g.siren, $1, g.etat, g.reponse_api, g.raison, g.releve_le
       from pg_temp.gathered_egapro g
       join public.entreprises_entreprise e on e.siren = g.siren
       on conflict (siren, annee) do update set
         etat = excluded.etat,
         reponse_api = excluded.reponse_api,
         raison = excluded.raison,
         releve_le = excluded.releve_le`,
      [annee],
    )
    return recordSuccess(client, 'egapro', 'select count(*) from public.feeds_egapro where annee = $3', at, [annee])
  })
}

export async function replaceBges(client: ClientBase, at: Date): Promise<number> {
  return inTransaction(client, async () => {
    // Not TRUNCATE, which would block readers, and show an empty table to snapshots from before.
    await ask(client, 'delete from public.feeds_bges')
    await ask(
      client,
      `insert into public.feeds_bges (siren, dt_publication, releve_le)
       select siren, dt_publication, $1 from pg_temp.gathered_bges order by siren, dt_publication`,
      [at],
    )
    return recordSuccess(client, 'bges', 'select count(*) from public.feeds_bges', at, [])
  })
}

/** Records a successful fetch: `connu`, with the facts of `releve_le`. Returns the number of facts. */
async function recordSuccess(
  client: ClientBase,
  feed: Feed,
  count: string,
  at: Date,
  values: readonly unknown[],
): Promise<number> {
  const { rows } = await ask<{ lignes: string }>(
    client,
    `insert into public.feeds_releve (source, etat, raison, releve_le, lignes)
     values ($1, 'connu', null, $2, (${count}))
     on conflict (source) do update set
       etat = excluded.etat, raison = excluded.raison, releve_le = excluded.releve_le, lignes = excluded.lignes
     returning lignes`,
    [feed, at, ...values],
  )
  return Number(rows[0]?.lignes ?? 0)
}

/**
 * Records a failed fetch. While the facts are not older than `validDays`, the source stays `connu` with their date, and only
 * `raison` shows that they could not be renewed. After that, or without any facts, it is `inconnu`: a source
 * that has failed for months must not count as an answer.
 */
export async function recordFailure(
  client: ClientBase,
  feed: Feed,
  failure: { readonly raison: RaisonReleve; readonly at: Date; readonly validDays: number },
): Promise<void> {
  await ask(
    client,
    `insert into public.feeds_releve as r (source, etat, raison, releve_le, lignes) values ($1, 'inconnu', $2, $3, null)
     on conflict (source) do update set
       etat = case when r.etat = 'connu' and r.releve_le >= $4 then r.etat else excluded.etat end,
       raison = excluded.raison,
       releve_le = case when r.etat = 'connu' and r.releve_le >= $4 then r.releve_le else excluded.releve_le end,
       lignes = case when r.etat = 'connu' and r.releve_le >= $4 then r.lignes end`,
    [feed, failure.raison, failure.at, new Date(failure.at.getTime() - failure.validDays * 86_400_000)],
  )
}

async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await ask(client, 'begin')
  try {
    await ask(client, `set local lock_timeout to ${LOCK_TIMEOUT_MS}`)
    const result = await work()
    await ask(client, 'commit')
    return result
  } catch (thrown) {
    await client.query('rollback').catch(() => undefined)
    throw thrown
  }
}
