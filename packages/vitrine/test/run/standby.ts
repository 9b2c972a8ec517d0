/** A real hot standby for a test: a copy of the primary's files, taken as a base backup, that streams its log. */
import { chmodSync, chownSync, cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type EmbeddedServer, type ServerVersion, serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'

export interface Replication {
  readonly primary: EmbeddedServer
  readonly standby: EmbeddedServer
  /** Waits until the standby shows what the primary has committed. */
  caughtUp(): Promise<void>
  stop(): Promise<void>
}

/** Files of the running primary that a copy must not have. */
const NOT_COPIED = ['postmaster.pid', 'postmaster.opts', 'server.log']

export async function startReplication(folder: string, version: ServerVersion): Promise<Replication> {
  const settings = {
    max_connections: '50',
    shared_buffers: '32MB',
    autovacuum: 'off',
    // Else a commit may not be in the log yet when it is waited for.
    synchronous_commit: 'on',
  }
  const primary = await startServer({
    dataDirectory: serverHome(join(folder, 'primary')),
    version,
    ephemeral: true,
    settings,
  })
  const { port, superuser, password } = primary
  const dataDirectory = serverHome(join(folder, 'standby'))
  const admin = await clientOf(primary, 'postgres')
  await admin.query("select pg_backup_start('standby', true)")
  cpSync(primary.dataDirectory, dataDirectory, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)),
  })
  const { rows } = await admin.query<{ labelfile: string }>('select labelfile from pg_backup_stop()')
  writeFileSync(join(dataDirectory, 'backup_label'), rows[0]?.labelfile ?? '')
  writeFileSync(join(dataDirectory, 'standby.signal'), '')
  chmodSync(dataDirectory, 0o700)
  cpSync(`${primary.dataDirectory}.pgpass`, `${dataDirectory}.pgpass`)
  ownAs(primary.dataDirectory, dataDirectory)
  const standby = await startServer({
    dataDirectory,
    version,
    ephemeral: true,
    settings: {
      ...settings,
      primary_conninfo: `host=127.0.0.1 port=${port} user=${superuser} password=${password}`,
      // Whoever is in the way of the primary is cancelled at once.
      max_standby_streaming_delay: '0',
      wal_retrieve_retry_interval: '100ms',
    },
  })
  const replica = await clientOf(standby, 'postgres')
  return {
    primary,
    standby,
    async caughtUp() {
      const [written] = (await admin.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')).rows
      for (let tries = 0; tries < 6_000; tries++) {
        const { rows } = await replica.query('select where pg_last_wal_replay_lsn() >= $1', [written?.lsn])
        if (rows.length > 0) return
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      throw new Error('the standby does not follow')
    },
    async stop() {
      await Promise.all([admin.end(), replica.end()])
      await standby.stop('immediate')
      await primary.stop('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function clientOf(server: EmbeddedServer, database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database), application_name: 'test' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Under root the server has an account of its own, and a copy belongs to root. */
function ownAs(model: string, directory: string): void {
  const { uid, gid } = statSync(model)
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  for (const path of [directory, ...entries.map((name) => join(directory, name))]) chownSync(path, uid, gid)
}
