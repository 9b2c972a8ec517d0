/** Databases and roles for one test file on the shared servers; all are dropped at its end, and a leaked session fails it. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type Address, parseAddress } from '../packages/vitrine/src/postgres/address.ts'
import type { ServerFacts } from './postgres-servers.ts'

export type Version = 18 | 15
export const VERSIONS: readonly Version[] = [18, 15]

/** For what waits, or asks the server nothing that differs between versions. */
export const NEWEST = [18] as const

const provided = (version: Version) => inject(version === 18 ? 'postgres18' : 'postgres15')

export interface TestRole {
  readonly user: string
  readonly password: string
}

/** By port: the session in which a worker makes and drops databases and roles of a shared server. */
const administrators = new Map<number, readonly [client: Promise<pg.Client>, last: Promise<unknown>]>()

async function connectTo(server: ServerFacts, database: string, role?: TestRole): Promise<pg.Client> {
  const { host, port, superuser, password } = server
  const credentials = role ?? { user: superuser, password }
  const client = new pg.Client({ host, port, database, ...credentials, application_name: 'test' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** A database of its own on one of the shared servers, or on a server that the test owns. */
export class TestDatabase {
  readonly name: string
  readonly #server: ServerFacts
  readonly #isShared: boolean
  readonly #clients = new Set<pg.Client>()
  /** Sessions that wait for a statement of `ask`: to open one costs ten times what it is asked. */
  readonly #waiting = new Set<pg.Client>()

  private constructor(server: Version | ServerFacts, name: string) {
    this.#isShared = typeof server === 'number'
    this.#server = typeof server === 'number' ? provided(server) : server
    this.name = name
  }

  static async create(server: Version | ServerFacts, label: string, encoding = 'UTF8'): Promise<TestDatabase> {
    const database = new TestDatabase(server, `${label}_${randomBytes(5).toString('hex')}`)
    await database.#administer(
      encoding === 'UTF8'
        ? `create database "${database.name}" strategy file_copy`
        : `create database "${database.name}" template template0 encoding '${encoding}' locale 'C'`,
    )
    return database
  }

  url(role?: TestRole): string {
    const { host, port, superuser, password } = this.#server
    const user = role?.user ?? superuser
    return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(role?.password ?? password)}@${host}:${port}/${this.name}`
  }

  address(role?: TestRole): Address {
    return parseAddress(this.url(role), 'test')
  }

  /** A client of the driver, as superuser unless a role is given. */
  async connect(options: { role?: TestRole; database?: string } = {}): Promise<pg.Client> {
    const client = await connectTo(this.#server, options.database ?? this.name, options.role)
    client.on('end', () => this.#waiting.delete(client))
    this.#clients.add(client)
    return client
  }

  async close(client: pg.Client): Promise<void> {
    this.#clients.delete(client)
    await client.end()
  }

  /** The rows of one statement, in a session that nobody else uses, and that nothing is left in. */
  async ask<Row extends pg.QueryResultRow>(
    sql: string,
    options: { role?: TestRole; database?: string } = {},
  ): Promise<Row[]> {
    const isKept = this.#isShared && options.database === undefined
    const user = options.role?.user ?? this.#server.superuser
    const waiting = isKept ? [...this.#waiting].find((client) => client.user === user) : undefined
    if (waiting !== undefined) this.#waiting.delete(waiting)
    const client = waiting ?? (await this.connect(options))
    let isClean = false
    try {
      const { rows } = await client.query<Row>(sql)
      isClean = isKept && (await client.query('discard all').then(Boolean, () => false))
      return rows
    } finally {
      if (isClean) this.#waiting.add(client)
      else await this.close(client)
    }
  }

  /** Ends the sessions that wait: for what needs a database that nobody uses. */
  async rest(): Promise<void> {
    for (const client of [...this.#waiting]) await this.close(client)
  }

  /** A login role of its own, dropped with the database. */
  async createRole(label: string): Promise<TestRole> {
    const role = { user: `${label}_${this.name.slice(-10)}`, password: randomBytes(12).toString('hex') }
    await this.#administer(`create role "${role.user}" login password '${role.password}'`)
    return role
  }

  /** Drops database and roles. Throws when a session that is not ours is still open: something leaked it. */
  async drop(roles: readonly TestRole[] = []): Promise<void> {
    this.#waiting.clear()
    for (const client of [...this.#clients]) await this.close(client)
    const leaked = await this.#leaked()
    await this.#administer(`drop database "${this.name}" with (force)`)
    for (const { user } of roles) await this.#administer(`drop role if exists "${user}"`)
    if (leaked.length > 0) throw new Error(`sessions were left open: ${leaked.join(', ')}`)
  }

  /** Sessions on the database that stay for a minute: a closed socket takes the server a moment, and a busy one longer. */
  async #leaked(): Promise<readonly string[]> {
    for (let tries = 0; ; tries++) {
      const { rows } = await this.#administer<{ application_name: string }>(
        `select application_name from pg_stat_activity where datname = '${this.name}' and backend_type = 'client backend'`,
      )
      if (rows.length === 0 || tries === 2_400) return rows.map((row) => row.application_name)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  /** A statement about databases and roles. A server that the test owns may end at any time: it gets a session each time. */
  async #administer<Row extends pg.QueryResultRow>(sql: string): Promise<pg.QueryResult<Row>> {
    if (!this.#isShared) {
      const once = await connectTo(this.#server, 'postgres')
      return once.query<Row>(sql).finally(() => once.end())
    }
    const { port } = this.#server
    const [administrator, before] = administrators.get(port) ?? [connectTo(this.#server, 'postgres'), null]
    // One statement after another: a client of the driver is to be asked one thing at a time.
    const result = Promise.resolve(before).then(async () => (await administrator).query<Row>(sql))
    administrators.set(port, [administrator, result.catch(() => null)])
    return result
  }
}
