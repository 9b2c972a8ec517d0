/** Starts one real PostgreSQL server of the newest and one of the oldest supported version for the whole test run. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import type { TestProject } from 'vitest/node'
import { serverFolder } from './server-folder.ts'

export interface ServerFacts {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgres18: ServerFacts
    readonly postgres15: ServerFacts
  }
}

const facts = ({ host, port, superuser, password }: EmbeddedServer): ServerFacts => ({
  host,
  port,
  superuser,
  password,
})

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = serverFolder()
  const start = (version: 18 | 15) =>
    startServer({
      dataDirectory: serverHome(join(folder, String(version))),
      version,
      ephemeral: true,
      settings: { max_connections: '200', shared_buffers: '64MB', log_statement: 'none' },
    })
  const [newest, oldest] = await Promise.all([start(18), start(15)])
  project.provide('postgres18', facts(newest))
  project.provide('postgres15', facts(oldest))
  return async () => {
    await Promise.all([newest.stop('immediate'), oldest.stop('immediate')])
    rmSync(folder, { recursive: true, force: true })
  }
}
