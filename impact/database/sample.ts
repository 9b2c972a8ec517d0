/**
 * Fills an empty operational database with invented companies, people and reports: the same size and day give the same
 * rows. The SQL files of `sample/` make the rows; this file runs them in order, in one transaction.
 * Called by `impact sample`, the demonstration, the benchmark and the tests; the caller connects and migrates first.
 */
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { localDay, systemClock } from 'vitrine/run'
import { ImpactDatabaseError } from './database-error.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import { setAside } from './set-aside.ts'
import { databaseFolder, readSql } from './sql-file.ts'

/** Number of companies per size, including the limit cases of `cas-limites.sql`. */
export const SAMPLE_SIZES = { S: 300, M: 5_000, L: 50_000 } as const
export type SampleSize = keyof typeof SAMPLE_SIZES

export interface SampleOptions {
  /** A named size, or a number of companies, at least that of S. */
  readonly size: SampleSize | number
  /** A day `YYYY-MM-DD`, or an instant with its offset, read in Europe/Paris; the current day when absent. */
  readonly today?: string | Date
  /** `unavailable`: the night when neither EgaPro nor BGES answered. `available` when absent. */
  readonly feeds?: 'available' | 'unavailable'
}

export interface SampleSummary {
  readonly size: SampleOptions['size']
  /** `YYYY-MM-DD`: all dates of the sample are before this day, except one deliberate limit case. */
  readonly today: string
  /** Number of rows per table, in the order of `SAMPLE_TABLES`. */
  readonly rows: Readonly<Record<SampleTable, number>>
  readonly milliseconds: number
}

/** All tables that the sample fills. */
export const SAMPLE_TABLES = [
  'entreprises_entreprise',
  'entreprises_caracteristiquesannuelles',
  'users_user',
  'habilitations_habilitation',
  'invitations_invitation',
  'reglementations_bdese_300',
  'reglementations_bdese_50_300',
  'reglementations_bdeseavecaccord',
  'reglementations_rapportcsrd',
  'reglementations_rapportcsrd_analyses_ia',
  'reglementations_enjeu',
  'vsme_rapportvsme',
  'vsme_indicateur',
  'analyseia_analyseia',
  'entreprises_entreprise_analyses_ia',
  'logs_eventlog',
  'feeds_egapro',
  'feeds_bges',
  'feeds_releve',
] as const
export type SampleTable = (typeof SAMPLE_TABLES)[number]

/** The order matters: limit cases come first, and drawn companies complete the size. */
const FILES = [
  'ouverture',
  'cas-limites',
  'cas-limites-documents',
  'entreprises',
  'utilisateurs',
  'bdese',
  'csrd',
  'vsme',
  'analyses',
  'feeds',
  'fermeture',
] as const

const ZONE = 'Europe/Paris'
/** The application keeps no CSRD report before 2024. */
const FIRST_DAY = '2024-01-01'

/**
 * Loads the sample in one transaction, with constraints and indexes off meanwhile, and analyses the tables.
 * @param client a connection without open transaction, of the owner of the tables.
 * @throws ImpactDatabaseError `TODAY_INVALID`, `NOT_MIGRATED`, `NOT_EMPTY`, `SAMPLE_FAILED`; nothing is kept then.
 */
export async function loadSample(client: ClientBase, options: SampleOptions): Promise<SampleSummary> {
  const today = sampleDay(options.today)
  const start = systemClock.monotonicMs()
  let place = 'begin'
  try {
    // Thirty days before an instant is another instant in another zone, so the zone is fixed. Sorting in memory matters for
    // the indexes; compilation costs more than it gains on statements that run once.
    await client.query(`begin;
      set local search_path to public;
      set local timezone to 'UTC';
      set local jit to off;
      set local work_mem to '64MB';
      set local maintenance_work_mem to '128MB'`)
    await assertEmpty(client)
    place = 'constraints'
    const putBack = await setAside(client, SAMPLE_TABLES)
    await setParameters(client, { size: companiesOf(options.size), today, outage: options.feeds === 'unavailable' })
    for (const file of FILES) {
      place = `${file}.sql`
      await client.query(readSql(join(databaseFolder(), 'sample', place)))
    }
    place = 'constraints'
    await putBack()
    place = 'analyze'
    await client.query(`analyze ${SAMPLE_TABLES.join(', ')}`)
    const rows = await countRows(client)
    await client.query('commit')
    return { size: options.size, today, rows, milliseconds: Math.round(systemClock.monotonicMs() - start) }
  } catch (thrown) {
    // A lost connection cannot roll back, and the server has done it: the first error is the one to tell.
    await client.query('rollback').catch(() => undefined)
    if (thrown instanceof ImpactDatabaseError) throw thrown
    throw new ImpactDatabaseError('SAMPLE_FAILED', { place, cause: thrown })
  }
}

const companiesOf = (size: SampleOptions['size']): number =>
  typeof size === 'number' ? Math.max(SAMPLE_SIZES.S, Math.floor(size)) : SAMPLE_SIZES[size]

/** The day in Europe/Paris, since the rules compare with its calendar year. Throws `TODAY_INVALID`. */
export function sampleDay(today: string | Date | undefined): string {
  const isDay = typeof today === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(today)
  if (typeof today === 'string' && !isDay && !/T.*(Z|[+-]\d{2}:?\d{2})$/.test(today)) {
    throw new ImpactDatabaseError('TODAY_INVALID')
  }
  const instant = today === undefined ? systemClock.now() : new Date(today)
  if (Number.isNaN(instant.getTime())) throw new ImpactDatabaseError('TODAY_INVALID')
  const day = isDay ? instant.toISOString().slice(0, 10) : localDay(instant, ZONE)
  // 30 February becomes 1 or 2 March in JavaScript instead of an error.
  if ((isDay && day !== today) || day < FIRST_DAY || day.length !== 10) throw new ImpactDatabaseError('TODAY_INVALID')
  return day
}

async function assertEmpty(client: ClientBase): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK])
  const { rows: missing } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass(name) is null order by name`,
    [SAMPLE_TABLES],
  )
  if (missing.length > 0) {
    throw new ImpactDatabaseError('NOT_MIGRATED', { detail: `without ${missing.map(({ name }) => name).join(', ')}` })
  }
  for (const table of SAMPLE_TABLES) {
    const { rowCount } = await client.query(`select from ${table} limit 1`)
    if (rowCount !== 0) throw new ImpactDatabaseError('NOT_EMPTY', { place: table })
  }
}

/** `parametres`, one row: what every file of the sample reads. `fin` is the midnight that begins the day. */
async function setParameters(
  client: ClientBase,
  { size, today, outage }: { readonly size: number; readonly today: string; readonly outage: boolean },
): Promise<void> {
  await client.query(`create temporary table parametres (
    taille integer not null,
    cas_limites integer not null,
    aujourd_hui date not null,
    fin timestamptz not null,
    annee integer not null,
    sources_en_panne boolean not null
  ) on commit drop`)
  await client.query(
    `insert into parametres
     select $1, 0, day, day::timestamp at time zone '${ZONE}', extract(year from day), $3
     from (select $2::date as day) as given`,
    [size, today, outage],
  )
  // Without statistics the one row is taken for two thousand, in every join of the sample.
  await client.query('analyze parametres')
}

async function countRows(client: ClientBase): Promise<Record<SampleTable, number>> {
  const { rows } = await client.query<Record<SampleTable, number>>(
    `select ${SAMPLE_TABLES.map((table) => `(select count(*)::integer from ${table}) as ${table}`).join(', ')}`,
  )
  // sound because a select without from has one row, with a column for each table.
  return rows[0] as Record<SampleTable, number>
}
