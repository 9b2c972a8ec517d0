/**
 * The two PostgreSQL servers of the benches, kept under `.bench/` with their data from one call to the next. Owns their
 * settings, the databases and the roles; one call at a time uses them.
 */
import { randomBytes } from 'node:crypto'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { PUBLISHED, READER, WRITER } from './publication.ts'
import { NEXT } from './reference.ts'

/**
 * A server as it is installed, fsync included, apart from what would put one side's work into the other's time: no
 * checkpoint and no vacuum of its own accord (a checkpoint is made before each measurement). JIT is off on both sides,
 * because the tool switches it off.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  jit: 'off',
}

const SOURCE_DATABASE = 'bench'
/** Any number: whoever holds it has the servers for himself. */
const CALL_LOCK = 7_061_989

/** Where one side of a comparison reads and writes. */
export interface Ends {
  readonly source: string
  readonly target: string
}

/** One database of the target for each side, so that neither finds anything of the other. */
export type TargetName = 'tool' | 'reference'

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

export class BenchServers {
  readonly #source: EmbeddedServer
  readonly #target: EmbeddedServer
  readonly #lock: pg.Client
  readonly #passwords = { [WRITER]: randomBytes(12).toString('hex'), [READER]: randomBytes(12).toString('hex') }

  private constructor(source: EmbeddedServer, target: EmbeddedServer, lock: pg.Client) {
    this.#source = source
    this.#target = target
    this.#lock = lock
  }

  /** Throws when another call uses the servers under the folder. */
  static async start(folder: string): Promise<BenchServers> {
    const start = (name: string) => startServer({ dataDirectory: serverHome(`${folder}/${name}`), settings: SETTINGS })
    const [source, target] = await Promise.all([start('source'), start('target')])
    const lock = new pg.Client({ connectionString: source.url('postgres'), application_name: 'bench lock' })
    lock.on('error', () => undefined)
    await lock.connect()
    const { rows } = await lock.query<{ mine: boolean }>(`select pg_try_advisory_lock(${CALL_LOCK}) as mine`)
    if (rows[0]?.mine !== true) {
      await lock.end()
      throw new Error('another call of the benches is using the servers')
    }
    const servers = new BenchServers(source, target, lock)
    await servers.#prepare()
    return servers
  }

  get version(): string {
    return `PostgreSQL ${this.#source.version}`
  }

  sourceUrl(): string {
    return this.#source.url(SOURCE_DATABASE)
  }

  targetUrl(name: TargetName, role: typeof WRITER | typeof READER | 'superuser' = WRITER): string {
    if (role === 'superuser') return this.#target.url(name)
    return this.#target.url(name, { user: role, password: this.#passwords[role] })
  }

  ends(name: TargetName): Ends {
    return { source: this.sourceUrl(), target: this.targetUrl(name) }
  }

  /** A target database with nothing in it but empty schemas of the writer and a table for the reference's log. */
  async emptyTarget(name: TargetName): Promise<void> {
    await withClient(this.#target.url('postgres'), async (client) => {
      await client.query(`drop database if exists ${name} with (force)`)
      await client.query(`create database ${name} owner ${WRITER}`)
    })
    await withClient(this.targetUrl(name), (client) =>
      client.query(`
        create schema ${PUBLISHED}; grant usage on schema ${PUBLISHED} to ${READER};
        create schema if not exists log; create table log.refresh_log (table_name text, rows bigint, at timestamptz);
        alter database ${name} set search_path = log`),
    )
  }

  /** So that each measurement starts with nothing left to write of what was before. */
  async settle(): Promise<void> {
    const checkpoint = (client: pg.Client) => client.query('checkpoint')
    await withClient(this.#source.url('postgres'), checkpoint)
    await withClient(this.#target.url('postgres'), checkpoint)
  }

  /** An empty staging schema, for the benches that load one table by hand. */
  async emptyStaging(name: TargetName): Promise<void> {
    await withClient(this.targetUrl(name), (client) =>
      client.query(`drop schema if exists ${NEXT} cascade; create schema ${NEXT}`),
    )
  }

  async stop(): Promise<void> {
    await this.#lock.end().catch(() => undefined)
    await Promise.all([this.#source.stop(), this.#target.stop()])
  }

  async #prepare(): Promise<void> {
    const { rowCount } = await this.#lock.query('select from pg_database where datname = $1', [SOURCE_DATABASE])
    if (rowCount === 0) await this.#lock.query(`create database ${SOURCE_DATABASE}`)
    await withClient(this.#target.url('postgres'), async (client) => {
      for (const role of [WRITER, READER] as const) {
        const found = await client.query('select from pg_roles where rolname = $1', [role])
        if (found.rowCount === 0) await client.query(`create role ${role} login`)
        await client.query(`alter role ${role} password '${this.#passwords[role]}'`)
      }
    })
  }
}
