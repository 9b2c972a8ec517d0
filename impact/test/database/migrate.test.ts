/** The promises of the migrations of the operational database, kept against a real server. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DatabaseErrorCode, ImpactDatabaseError } from '../../database/database-error.ts'
import { migrateOperational, readMigrations } from '../../database/migrate.ts'
import { databaseFolder } from '../../database/sql-file.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { makeLikeDjango } from './django.ts'
import { COLUMNS, columnsOf, fullSchema, REFERENCES, RULES, referencesOf, rulesOf } from './schema.ts'

const shipped = join(databaseFolder(), 'migrations')
const scratch = mkdtempSync(join(tmpdir(), 'impact-migrations-'))
let cluster: Cluster
let migrated: pg.Client

beforeAll(async () => {
  cluster = await startCluster(18)
  migrated = await cluster.create('migrated')
  await migrateOperational(migrated)
})

afterAll(async () => {
  await cluster?.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** A copy of the shipped migrations, to change. */
function copyOf(name: string, change: (folder: string) => void): string {
  const folder = join(scratch, name)
  cpSync(shipped, folder, { recursive: true })
  change(folder)
  return folder
}

async function refusal(promise: Promise<unknown>): Promise<ImpactDatabaseError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof ImpactDatabaseError)) throw thrown ?? new Error('nothing was refused')
  return thrown
}

async function tablesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ relname: string }>(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname",
  )
  return rows.map(({ relname }) => relname)
}

describe('the schema', () => {
  test('has the columns of the application, in types and nullability', async () => {
    expect(await columnsOf(migrated)).toEqual(COLUMNS)
  })

  test('has its references, deferred, without cascade, each with an index', async () => {
    expect(await referencesOf(migrated)).toEqual(REFERENCES)
  })

  test('has its unique and check constraints and its other indexes', async () => {
    expect(await rulesOf(migrated)).toEqual(RULES)
  })

  test('gives the two constraints that the application names their names', async () => {
    const names = (await fullSchema(migrated)).join('\n')
    expect(names).toContain('uniques_caracteristiques_annuelles')
    expect(names).toContain('unique_entreprise_user')
  })
})

describe('migrating', () => {
  test('applies each file once, records its checksum, and applies nothing the second time', async () => {
    const client = await cluster.create('twice')
    expect(await migrateOperational(client)).toEqual(
      readMigrations(shipped).map(({ name, checksum }) => ({ name, checksum, baselined: false })),
    )
    expect(await migrateOperational(client)).toEqual([])
  })

  test('applies each file once when two start together', async () => {
    const first = await cluster.create('together')
    const second = await cluster.connect('together')
    const both = await Promise.all([migrateOperational(first), migrateOperational(second)])
    // Which of them applies which is chance; each is applied once.
    const applied = both.flat().map(({ name }) => name)
    expect(applied.toSorted()).toEqual(readMigrations(shipped).map(({ name }) => name))
  })

  test('ignores the search path of the role', async () => {
    const client = await cluster.create('elsewhere')
    await client.query('create schema decoy; set search_path to decoy')
    await migrateOperational(client)
    expect(await tablesOf(client)).toContain('feeds_releve')
  })

  test('refuses an edited migration that was applied, and names it', async () => {
    const edited = copyOf('edited', (folder) => {
      const file = join(folder, '0002_sources_externes.sql')
      writeFileSync(file, `${readFileSync(file, 'utf8')}-- edited\n`)
    })
    const error = await refusal(migrateOperational(migrated, edited))
    expect([error.code, error.place]).toEqual(['MIGRATION_EDITED', '0002_sources_externes'])
  })

  test('takes a checkout with other line ends for the same migration', async () => {
    const windows = copyOf('windows', (folder) => {
      const file = join(folder, '0001_schema_operationnel.sql')
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'))
    })
    expect(await migrateOperational(migrated, windows)).toEqual([])
  })

  test('refuses a database that a later version migrated', async () => {
    const later = copyOf('later', (folder) => writeFileSync(join(folder, '0003_later.sql'), 'create table later ();'))
    const client = await cluster.create('later')
    await migrateOperational(client, later)
    const error = await refusal(migrateOperational(client))
    expect([error.code, error.place]).toEqual(['MIGRATION_UNKNOWN', '0003_later'])
  })

  test('undoes a migration that fails and keeps those before it', async () => {
    const broken = copyOf('broken', (folder) =>
      writeFileSync(join(folder, '0003_broken.sql'), 'create table half (id bigint); select 1 / 0;'),
    )
    const client = await cluster.create('broken')
    const error = await refusal(migrateOperational(client, broken))
    expect([error.code, error.place, error.sqlState]).toEqual(['MIGRATION_FAILED', '0003_broken', '22012'])
    expect(await tablesOf(client)).toEqual(expect.arrayContaining(['feeds_releve', 'impact_schema_migrations']))
    expect(await tablesOf(client)).not.toContain('half')
    expect(await migrateOperational(client)).toEqual([])
  })

  test.each<[string, string]>([
    ['a gap', '0004_gap.sql'],
    ['a name without number', 'later.sql'],
  ])('refuses files with %s', (what, file) => {
    const folder = copyOf(what.replaceAll(' ', '-'), (copy) => writeFileSync(join(copy, file), 'select 1;'))
    expect(() => readMigrations(folder)).toThrow('MIGRATION_FILES_INVALID' satisfies DatabaseErrorCode)
  })
})

describe('a database made by the application', () => {
  test('keeps its tables and rows; only ours are added', async () => {
    const client = await cluster.create('django')
    await makeLikeDjango(client)
    await client.query(`insert into entreprises_entreprise (siren, denomination, created_at, updated_at)
      values ('000000001', 'ENTREPRISE TEST', now(), now())`)
    const before = await tablesOf(client)
    const applied = await migrateOperational(client)
    expect(applied.map(({ name, baselined }) => [name, baselined])).toEqual([
      ['0001_schema_operationnel', true],
      ['0002_sources_externes', false],
    ])
    expect((await tablesOf(client)).filter((name) => !before.includes(name))).toEqual([
      'feeds_bges',
      'feeds_egapro',
      'feeds_releve',
      'impact_schema_migrations',
    ])
    expect((await client.query('select from entreprises_entreprise')).rowCount).toBe(1)
    expect(await migrateOperational(client)).toEqual([])
  })

  test('is refused, untouched, when it is of a version without all the tables', async () => {
    const client = await cluster.create('older')
    await makeLikeDjango(client)
    await client.query('drop table vsme_indicateur')
    const before = await tablesOf(client)
    const error = await refusal(migrateOperational(client))
    expect([error.code, error.detail]).toEqual(['SCHEMA_INCOMPLETE', 'without vsme_indicateur'])
    expect(await tablesOf(client)).toEqual(before)
  })
})
