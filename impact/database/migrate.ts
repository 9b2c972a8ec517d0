/**
 * Migrates the operational database to the schema of `migrations/`: one transaction per file, under one lock, recorded with a
 * checksum. A database of the Django application already has the tables of the first migration, which is then recorded
 * but not run. Called by `impact migrate`, the demonstration and the tests; the caller connects.
 */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { ImpactDatabaseError } from './database-error.ts'
import { databaseFolder, readSql } from './sql-file.ts'

export interface AppliedMigration {
  /** File name without extension, such as `0001_schema_operationnel`. */
  readonly name: string
  /** SHA-256 of the file with LF line endings, 64 hexadecimal digits. */
  readonly checksum: string
  /** The Django application had already made the tables, so the file was recorded but not run. */
  readonly baselined: boolean
}

interface Migration {
  readonly name: string
  readonly checksum: string
  readonly sql: string
}

/** Advisory lock shared by migrations and sample, so that neither sees the other's partial work. */
export const SCHEMA_LOCK = 4_850_263
/** With two deployments at once, the second waits this long for the first, then fails. */
const LOCK_TIMEOUT_MS = 60_000

/**
 * Applies pending migrations in order; a second call applies nothing. Creates only the tables of the files, in the
 * schema public, and `impact_schema_migrations`, which Django ignores.
 * @param client a connection without open transaction, of a role that may create tables in public.
 * @param folder for tests: another folder of migrations.
 * @returns the migrations that this call applied or recorded, in order.
 * @throws ImpactDatabaseError
 */
export async function migrateOperational(
  client: ClientBase,
  folder: string = join(databaseFolder(), 'migrations'),
): Promise<readonly AppliedMigration[]> {
  const migrations = readMigrations(folder)
  const done: AppliedMigration[] = []
  for (const migration of migrations) {
    const applied = await inTransaction(client, migration.name, async () => {
      if (await isRecorded(client, migrations, migration)) return null
      const baselined = migration === migrations[0] && (await tablesExist(client, migration))
      if (!baselined) await client.query(migration.sql)
      await client.query('insert into impact_schema_migrations (name, checksum, baselined) values ($1, $2, $3)', [
        migration.name,
        migration.checksum,
        baselined,
      ])
      return { name: migration.name, checksum: migration.checksum, baselined }
    })
    if (applied !== null) done.push(applied)
  }
  return done
}

/** Throws `MIGRATION_FILES_INVALID` unless the files are `0001_name.sql`, `0002_name.sql` and so on. */
export function readMigrations(folder: string): readonly Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  return files.sort().map((file, index) => {
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(file) || Number(file.slice(0, 4)) !== index + 1) {
      throw new ImpactDatabaseError('MIGRATION_FILES_INVALID', { place: file })
    }
    const sql = readSql(join(folder, file))
    return { name: file.slice(0, -'.sql'.length), checksum: createHash('sha256').update(sql).digest('hex'), sql }
  })
}

/**
 * Runs `work` in a transaction that first takes the lock: a second run waits here, and then finds the migration recorded. The
 * transaction's lock is released even when the connection is lost.
 */
async function inTransaction<Result>(client: ClientBase, name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    await client.query('begin')
    await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}; set local search_path to public`)
    await client.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK])
    await client.query(`create table if not exists impact_schema_migrations (
      name text primary key,
      checksum text not null,
      baselined boolean not null,
      applied_at timestamptz not null default now()
    )`)
    const result = await work()
    await client.query('commit')
    return result
  } catch (thrown) {
    // On a lost connection this fails, but the server has rolled back. The first error is the one to throw.
    await client.query('rollback').catch(() => undefined)
    if (thrown instanceof ImpactDatabaseError) throw thrown
    throw new ImpactDatabaseError('MIGRATION_FAILED', { place: name, cause: thrown })
  }
}

/** Whether the migration is recorded. Throws unless recorded migrations are the first of our files, in order and unchanged. */
async function isRecorded(
  client: ClientBase,
  migrations: readonly Migration[],
  migration: Migration,
): Promise<boolean> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from impact_schema_migrations order by name',
  )
  for (const [index, row] of rows.entries()) {
    const known = migrations[index]
    if (known?.name !== row.name) throw new ImpactDatabaseError('MIGRATION_UNKNOWN', { place: row.name })
    if (known.checksum !== row.checksum) throw new ImpactDatabaseError('MIGRATION_EDITED', { place: row.name })
  }
  return rows.some((row) => row.name === migration.name)
}

/** Whether all tables of the migration exist. Throws when only some do: the database belongs to another version of the application. */
async function tablesExist(client: ClientBase, migration: Migration): Promise<boolean> {
  const names = [...migration.sql.matchAll(/^create table (\w+)/gm)].map((match) => match[1] ?? '')
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass('public.' || quote_ident(name)) is null order by name`,
    [names],
  )
  if (rows.length > 0 && rows.length < names.length) {
    throw new ImpactDatabaseError('SCHEMA_INCOMPLETE', { detail: `without ${rows.map((row) => row.name).join(', ')}` })
  }
  return rows.length === 0
}
