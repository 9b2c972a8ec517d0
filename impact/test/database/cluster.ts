/** A real server for a test file, with databases made on demand. Called by the tests of this folder only. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ServerVersion, serverHome, startServer } from '@vitrine/embedded-postgres'
import pg from 'pg'
import { serverFolder } from '../../../test/server-folder.ts'

export interface Cluster {
  /** A new database, empty or a copy of another one that nobody is connected to, and a connection to it. */
  create(name: string, template?: string): Promise<pg.Client>
  connect(name: string): Promise<pg.Client>
  stop(): Promise<void>
}

export async function startCluster(version: ServerVersion): Promise<Cluster> {
  const folder = serverFolder()
  const server = await startServer({ dataDirectory: serverHome(join(folder, 'data')), version, ephemeral: true })
  const clients: pg.Client[] = []
  const connect = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url(name) })
    await client.connect()
    clients.push(client)
    return client
  }
  return {
    connect,
    async create(name, template) {
      const admin = await connect('postgres')
      await admin.query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`)
      await admin.end()
      return connect(name)
    },
    async stop() {
      await Promise.all(clients.map((client) => client.end()))
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
