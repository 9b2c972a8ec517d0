/** The promises of the sample: reproducible on every server, told by its day, and all or nothing. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ImpactDatabaseError } from '../../database/database-error.ts'
import { migrateOperational } from '../../database/migrate.ts'
import {
  loadSample,
  SAMPLE_SIZES,
  SAMPLE_TABLES,
  type SampleOptions,
  type SampleSummary,
  sampleDay,
} from '../../database/sample.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { makeLikeDjango } from './django.ts'
import { figuresOf } from './figures.ts'
import { fullSchema } from './schema.ts'

const TODAY = '2026-07-22'
let newest: Cluster
let oldest: Cluster
/** Loaded with size S on PostgreSQL 18. */
let small: pg.Client
let summary: SampleSummary
/** The schema on PostgreSQL 18 as the migrations made it, before any load. */
let migrated: string[]

beforeAll(async () => {
  ;[newest, oldest] = await Promise.all([startCluster(18), startCluster(15)])
  await migratedTemplate(oldest)
  migrated = await migratedTemplate(newest)
  small = await newest.create('s', 'vide')
  summary = await loadSample(small, { size: 'S', today: TODAY })
})

/** Makes the database that the others copy, and gives its schema. */
async function migratedTemplate(cluster: Cluster): Promise<string[]> {
  const client = await cluster.create('vide')
  await migrateOperational(client)
  const schema = await fullSchema(client)
  await client.end()
  return schema
}

afterAll(async () => {
  await Promise.all([newest?.stop(), oldest?.stop()])
})

async function value(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
  return rows[0]?.[0]
}

/** One checksum a table, of every row in the order of its text; of the columns that our migrations make, in their order. */
async function checksums(client: pg.Client): Promise<Record<string, unknown>> {
  const sums: Record<string, unknown> = {}
  for (const table of SAMPLE_TABLES) {
    const columns = await value(
      small,
      `select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = '${table}'::regclass and attnum > 0`,
    )
    sums[table] = await value(
      client,
      `select md5(string_agg(t::text, chr(10) order by t::text collate "C")) from (select ${columns} from ${table}) t`,
    )
  }
  return sums
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof ImpactDatabaseError)) throw thrown ?? new Error('nothing was refused')
  return thrown.code
}

describe('the same size and day give the same rows', () => {
  test('on PostgreSQL 15 and 18', async () => {
    const client = await oldest.create('s', 'vide')
    await loadSample(client, { size: 'S', today: TODAY })
    expect(await checksums(client)).toEqual(await checksums(small))
  })

  test('when loaded again, at any hour of the day in Paris, in any time zone of the session', async () => {
    const client = await newest.create('s_instant', 'vide')
    await client.query("set time zone 'America/Los_Angeles'")
    const { today } = await loadSample(client, { size: 'S', today: '2026-07-21T22:00:00Z' })
    await client.query("set time zone 'UTC'")
    expect(today).toBe(TODAY)
    expect(await checksums(client)).toEqual(await checksums(small))
  })
})

describe('a database made by the application', () => {
  test('takes the same rows, and keeps its schema and what is none of ours', async () => {
    const client = await newest.create('django')
    await makeLikeDjango(client)
    await migrateOperational(client)
    const columns = `select string_agg(c::text, chr(10) order by table_name, ordinal_position) from information_schema.columns c where table_schema = 'public'`
    const before = [await fullSchema(client), await value(client, columns)]
    await loadSample(client, { size: 'S', today: TODAY })
    expect(await checksums(client)).toEqual(await checksums(small))
    expect([await fullSchema(client), await value(client, columns)]).toEqual(before)
    expect(await value(client, 'select count(*)::integer from django_migrations')).toBe(1)
    const next =
      'insert into users_user select (jsonb_populate_record(u, jsonb_build_object($$id$$, nextval($$users_user_id_seq$$), $$email$$, $$x$$))).* from users_user u limit 1'
    await client.query(next)
  })

  test('is refused by the name of a column that the sample cannot fill', async () => {
    const client = await newest.create('unfillable', 'vide')
    await client.query('alter table vsme_rapportvsme add column adresse inet not null')
    const thrown = await loadSample(client, { size: 'S', today: TODAY }).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'SAMPLE_FAILED', detail: 'vsme_rapportvsme.adresse' })
  })
})

describe('the database afterwards', () => {
  test('has the schema of the migrations, to the name and definition', async () => {
    expect(await fullSchema(small)).toEqual(migrated)
  })

  test('is analysed, and takes new rows from the next key on', async () => {
    expect(await value(small, "select reltuples::integer from pg_class where relname = 'users_user'")).toBeGreaterThan(
      200,
    )
    const id = await value(
      small,
      `insert into vsme_rapportvsme (entreprise_id, annee, created_at, updated_at) values (20, 2020, now(), now()) returning id`,
    )
    expect(id).toBe(await value(small, 'select max(id) from vsme_rapportvsme'))
    await small.query(`delete from vsme_rapportvsme where id = ${id}`)
  })

  test('keeps nothing of the session that loaded it', async () => {
    expect(await value(small, 'select count(*)::integer from pg_proc where pronamespace = pg_my_temp_schema()')).toBe(0)
    expect(await value(small, 'show search_path')).toBe('"$user", public')
  })

  test('counts in the summary what it holds', async () => {
    for (const table of SAMPLE_TABLES) {
      expect([table, summary.rows[table]]).toEqual([
        table,
        await value(small, `select count(*)::integer from ${table}`),
      ])
      expect(summary.rows[table]).toBeGreaterThan(0)
    }
    expect(summary.rows.entreprises_entreprise).toBe(SAMPLE_SIZES.S)
  })
})

describe('the day', () => {
  test.each(['2024-01-01', '2024-02-29', '2026-01-01'])('%s: no date of the sample is after it', async (today) => {
    const client = await newest.create(`day_${today.replaceAll('-', '')}`, 'vide')
    await loadSample(client, { size: 'S', today })
    for (const table of SAMPLE_TABLES) {
      const { rows } = await client.query<{ name: string }>(
        `select attname as name from pg_attribute where attrelid = '${table}'::regclass and atttypid = 'timestamptz'::regtype and attnum > 0`,
      )
      for (const { name } of rows) {
        const late = `select count(*)::integer from ${table} where ${name} > '${today}'::timestamp at time zone 'Europe/Paris'`
        expect([table, name, await value(client, late)]).toEqual([table, name, 0])
      }
    }
    const figures = await figuresOf(client, Number(today.slice(0, 4)))
    expect(figures.sujetsBdese).toBeGreaterThan(60)
    expect(figures.egaproAJour).toBeGreaterThan(40)
  })

  test('created_at never follows updated_at', async () => {
    for (const table of SAMPLE_TABLES.filter((name) => !/^(feeds_|logs_)|_analyses_ia$/.test(name))) {
      expect([
        table,
        await value(small, `select count(*)::integer from ${table} where created_at > updated_at`),
      ]).toEqual([table, 0])
    }
  })

  test.each<[SampleOptions['today'], string]>([
    ['2026-07-22', '2026-07-22'],
    ['2026-07-21T22:00:00Z', '2026-07-22'],
    ['2026-07-21T21:59:59Z', '2026-07-21'],
    ['2026-12-31T23:30:00+00:00', '2027-01-01'],
    [new Date('2024-06-30T23:00:00Z'), '2024-07-01'],
  ])('%s is %s in Paris', (given, day) => {
    expect(sampleDay(given)).toBe(day)
  })

  test.each(['2026-02-30', '2023-12-31', '22/07/2026', '2026-07-22T10:00:00', '', new Date(Number.NaN)])(
    'refuses %s',
    (given) => {
      expect(() => sampleDay(given)).toThrow('TODAY_INVALID')
    },
  )
})

describe('refusals leave the database as it was', () => {
  test('when it holds companies', async () => {
    const before = await checksums(small)
    expect(await refusal(loadSample(small, { size: 'S', today: TODAY }))).toBe('NOT_EMPTY')
    expect(await checksums(small)).toEqual(before)
  })

  test('when it was not migrated', async () => {
    expect(await refusal(loadSample(await newest.create('bare'), { size: 'S' }))).toBe('NOT_MIGRATED')
  })

  test('when a statement fails, constraints included', async () => {
    const client = await newest.create('failing', 'vide')
    await client.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
      create trigger refuse before insert on feeds_bges for each row execute function refuse()`)
    expect(await refusal(loadSample(client, { size: 'S', today: TODAY }))).toBe('SAMPLE_FAILED')
    expect(await fullSchema(client)).toEqual(migrated)
    expect(await value(client, 'select count(*)::integer from users_user')).toBe(0)
  })
})
