/** The two servers of the soak, its databases and roles, and what may be left behind in them. Gone when it ends. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { migrateTarget, withClient } from '../servers.ts'
import { CREATE, publication, READER, WRITER } from './publication.ts'

export interface Urls {
  readonly source: string
  readonly target: string
  readonly reader: string
}

export class SoakInstallation {
  readonly urls: Urls
  readonly #folder: string
  readonly #servers: readonly EmbeddedServer[]
  /** As superusers, to look at what is left. */
  readonly #looking: readonly pg.Client[]

  private constructor(urls: Urls, folder: string, servers: readonly EmbeddedServer[], looking: readonly pg.Client[]) {
    this.urls = urls
    this.#folder = folder
    this.#servers = servers
    this.#looking = looking
  }

  static async create(): Promise<SoakInstallation> {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-soak-'))
    // Every row of the source changes several times a second: it has to be swept as often.
    const settings = { shared_buffers: '64MB', autovacuum_naptime: '1s' }
    const start = (name: string) =>
      startServer({ dataDirectory: serverHome(join(folder, name)), ephemeral: true, settings })
    const [source, target] = await Promise.all([start('source'), start('target')])
    const passwords = { [WRITER]: randomBytes(12).toString('hex'), [READER]: randomBytes(12).toString('hex') }
    const as = (user: string) => target.url('soak', { user, password: passwords[user] ?? '' })
    await withClient(source.url('postgres'), (client) => client.query('create database soak'))
    await withClient(source.url('soak'), (client) => client.query(CREATE))
    await withClient(target.url('postgres'), async (client) => {
      for (const [role, password] of Object.entries(passwords))
        await client.query(`create role ${role} login password '${password}'`)
      await client.query('create database soak')
    })
    await withClient(target.url('soak'), (client) =>
      client.query(`
        grant connect, create on database soak to ${WRITER}; revoke temporary on database soak from public;
        create schema soak authorization ${WRITER}; grant usage on schema soak to ${READER}`),
    )
    const urls = { source: source.url('soak'), target: as(WRITER), reader: as(READER) }
    const looking = [source, target].map((server) => {
      const client = new pg.Client({ connectionString: server.url('soak'), application_name: 'soak' })
      client.on('error', () => undefined)
      return client
    })
    await Promise.all(looking.map((client) => client.connect()))
    await migrateTarget(urls.target, publication)
    return new SoakInstallation(urls, folder, [source, target], looking)
  }

  /** Sessions of the tool, and what a session alone may hold. */
  async sessions(): Promise<readonly string[]> {
    return this.#ask(
      `select 'session: ' || application_name as what from pg_stat_activity where datname = 'soak' and application_name like 'vitrine %'
       union all select 'advisory lock' from pg_locks where locktype = 'advisory'`,
    )
  }

  /** What a good run must not leave, apart from sessions. */
  async remains(): Promise<readonly string[]> {
    const [, target] = this.#looking
    const runs = await target?.query<{ what: string }>(
      `select distinct 'schema: ' || nspname as what from pg_namespace n left join pg_class c on c.relnamespace = n.oid
       where (nspname = 'soak_next' and c.oid is not null) or nspname ~ '^soak_previous_'
       union all select 'open record' from vitrine.run where state = 'running'`,
    )
    const held = await this.#ask(
      "select 'prepared transaction' as what from pg_prepared_xacts union all select 'replication slot' from pg_replication_slots",
    )
    return [...(runs?.rows.map(({ what }) => what) ?? []), ...held]
  }

  async #ask(sql: string): Promise<readonly string[]> {
    const answers = await Promise.all(this.#looking.map((client) => client.query<{ what: string }>(sql)))
    return answers.flatMap(({ rows }) => rows.map(({ what }) => what))
  }

  async remove(): Promise<void> {
    await Promise.all(this.#looking.map((client) => client.end().catch(() => undefined)))
    await Promise.all(this.#servers.map((server) => server.stop('immediate')))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
