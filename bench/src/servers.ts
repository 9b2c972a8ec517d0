/**
 * The two PostgreSQL servers of the benches: embedded ones, kept under `.bench/` with their data between calls,
 * or two of the caller's. Owns their settings, databases and roles. Only one call at a time can use them.
 */
import { randomBytes } from 'node:crypto'
import { serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import type { Publication } from 'vitrine'
import { connect, migrate, parseAddress } from 'vitrine/run'
import { PUBLISHED, READER, WRITER } from './publication.ts'
import { NEXT } from './reference.ts'

/**
 * The settings of an installed server, fsync included, except for background work that would slow the wrong side: no automatic
 * checkpoint or vacuum (the benches make a checkpoint before each measurement). JIT is off, because the tool switches it off.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  jit: 'off',
}

const SOURCE_DATABASE = 'bench'
/** An arbitrary number; the holder of this advisory lock uses the servers alone. */
const CALL_LOCK = 7_061_989

/** URLs that one side of a comparison reads and writes. */
export interface Ends {
  readonly source: string
  readonly target: string
}

/** The databases of the target: one per side, so that neither finds the other's tables. */
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

/** Creates the tool's published schema, like `vitrine migrate`. */
export async function migrateTarget(url: string, publication: Publication): Promise<void> {
  const { limits } = publication
  const options = { side: 'target', name: 'bench migrate', limits, readOnly: false } as const
  const session = await connect(parseAddress(url, 'target'), options)
  await migrate({ session, publication }).finally(() => session.end())
}

/** Two servers, by the URLs of a superuser. */
export interface ServerPair {
  readonly source: string
  readonly target: string
  stop(): Promise<void>
}

/** Starts the embedded servers under a folder. */
export async function embeddedServers(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ServerPair> {
  const settings = { ...SETTINGS, ...more }
  const start = (name: string) => startServer({ dataDirectory: serverHome(`${folder}/${name}`), settings })
  const [source, target] = await Promise.all([start('source'), start('target')])
  return {
    source: source.url('postgres'),
    target: target.url('postgres'),
    stop: async () => {
      await Promise.all([source.stop(), target.stop()])
    },
  }
}

/** The URL of another database of the same server, with another role if given. */
function urlFor(base: string, database: string, role?: { readonly user: string; readonly password: string }): string {
  const url = new URL(base)
  url.pathname = `/${database}`
  if (role !== undefined) [url.username, url.password] = [role.user, role.password]
  return url.href
}

/** Version and optimisation level: a build for size (-Os) needs twice the time of a distribution's build (-O2). */
async function versionOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string; flags: string | null }>(
    `select current_setting('server_version') as version,
            (select substring(setting from '.*(-O[0-9a-z]+)') from pg_config() where name = 'CFLAGS') as flags`,
  )
  return `PostgreSQL ${rows[0]?.version} built ${rows[0]?.flags ?? 'with unknown flags'}`
}

export class BenchServers {
  readonly #pair: ServerPair
  readonly #lock: pg.Client
  readonly #passwords = { [WRITER]: randomBytes(12).toString('hex'), [READER]: randomBytes(12).toString('hex') }
  #versions = ''

  private constructor(pair: ServerPair, lock: pg.Client) {
    this.#pair = pair
    this.#lock = lock
  }

  /** Throws when another call uses the servers. */
  static async open(pair: ServerPair): Promise<BenchServers> {
    const lock = new pg.Client({ connectionString: pair.source, application_name: 'bench lock' })
    lock.on('error', () => undefined)
    await lock.connect()
    const { rows } = await lock.query<{ mine: boolean }>(`select pg_try_advisory_lock(${CALL_LOCK}) as mine`)
    if (rows[0]?.mine !== true) {
      await lock.end()
      // The other call will stop them.
      throw new Error('another call of the benches is using the servers')
    }
    const servers = new BenchServers(pair, lock)
    try {
      await servers.#prepare()
      return servers
    } catch (error) {
      await servers.stop()
      throw error
    }
  }

  get versions(): string {
    return this.#versions
  }

  sourceUrl(): string {
    return urlFor(this.#pair.source, SOURCE_DATABASE)
  }

  /** URL for the target's superuser, for what the writer may not do. */
  adminUrl(name: TargetName): string {
    return urlFor(this.#pair.target, name)
  }

  targetUrl(name: TargetName, role: typeof WRITER | typeof READER = WRITER): string {
    return urlFor(this.#pair.target, name, { user: role, password: this.#passwords[role] })
  }

  superuserUrl(name: TargetName): string {
    return urlFor(this.#pair.target, name)
  }

  ends(name: TargetName): Ends {
    return { source: this.sourceUrl(), target: this.targetUrl(name) }
  }

  /** Recreates a target database with only the writer's empty schemas and a table for the reference's log. */
  async emptyTarget(name: TargetName): Promise<void> {
    await withClient(this.#pair.target, async (client) => {
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

  /** Makes checkpoints, so that no measurement pays for writes from before it. */
  async settle(): Promise<void> {
    const checkpoint = (client: pg.Client) => client.query('checkpoint')
    await withClient(this.#pair.source, checkpoint)
    await withClient(this.#pair.target, checkpoint)
  }

  /** Recreates the staging schema, for the benches that load one table. */
  async emptyStaging(name: TargetName): Promise<void> {
    await withClient(this.targetUrl(name), (client) =>
      client.query(`drop schema if exists ${NEXT} cascade; create schema ${NEXT}`),
    )
  }

  async stop(): Promise<void> {
    await this.#lock.end().catch(() => undefined)
    await this.#pair.stop()
  }

  async #prepare(): Promise<void> {
    const found = await Promise.all([this.#pair.source, this.#pair.target].map((url) => withClient(url, versionOf)))
    this.#versions = [...new Set(found)].join(' and ')
    const { rowCount } = await this.#lock.query('select from pg_database where datname = $1', [SOURCE_DATABASE])
    if (rowCount === 0) await this.#lock.query(`create database ${SOURCE_DATABASE}`)
    await withClient(this.#pair.target, async (client) => {
      for (const role of [WRITER, READER] as const) {
        const found = await client.query('select from pg_roles where rolname = $1', [role])
        if (found.rowCount === 0) await client.query(`create role ${role} login`)
        await client.query(`alter role ${role} password '${this.#passwords[role]}'`)
      }
    })
  }
}
