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

/** A database of its own on one of the shared servers, or on a server that the test owns. */
export class TestDatabase {
  readonly name: string
  readonly #server: ServerFacts
  readonly #clients = new Set<pg.Client>()

  private constructor(server: ServerFacts, name: string) {
    this.#server = server
    this.name = name
  }

  static async create(server: Version | ServerFacts, label: string, encoding = 'UTF8'): Promise<TestDatabase> {
    const facts = typeof server === 'number' ? provided(server) : server
    const database = new TestDatabase(facts, `${label}_${randomBytes(5).toString('hex')}`)
    const admin = await database.connect({ database: 'postgres' })
    await admin.query(
      encoding === 'UTF8'
        ? `create database "${database.name}"`
        : `create database "${database.name}" template template0 encoding '${encoding}' locale 'C'`,
    )
    await database.close(admin)
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
    const { host, port, superuser, password } = this.#server
    const client = new pg.Client({
      host,
      port,
      database: options.database ?? this.name,
      user: options.role?.user ?? superuser,
      password: options.role?.password ?? password,
      application_name: 'test',
    })
    client.on('error', () => undefined)
    await client.connect()
    this.#clients.add(client)
    return client
  }

  async close(client: pg.Client): Promise<void> {
    this.#clients.delete(client)
    await client.end()
  }

  /** A login role of its own, dropped with the database. */
  async createRole(label: string): Promise<TestRole> {
    const role = { user: `${label}_${this.name.slice(-10)}`, password: randomBytes(12).toString('hex') }
    const admin = await this.connect()
    await admin.query(`create role "${role.user}" login password '${role.password}'`)
    await this.close(admin)
    return role
  }

  /** Drops database and roles. Throws when a session that is not ours is still open: something leaked it. */
  async drop(roles: readonly TestRole[] = []): Promise<void> {
    for (const client of [...this.#clients]) await this.close(client)
    const admin = await this.connect({ database: 'postgres' })
    const leaked = await this.#leaked(admin)
    await admin.query(`drop database "${this.name}" with (force)`)
    for (const { user } of roles) await admin.query(`drop role if exists "${user}"`)
    await this.close(admin)
    if (leaked.length > 0) throw new Error(`sessions were left open: ${leaked.join(', ')}`)
  }

  /** Sessions on the database that stay for half a second: a closed socket takes the server a moment. */
  async #leaked(admin: pg.Client): Promise<readonly string[]> {
    for (let tries = 0; ; tries++) {
      const { rows } = await admin.query<{ application_name: string }>(
        "select application_name from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
        [this.name],
      )
      if (rows.length === 0 || tries === 20) return rows.map((row) => row.application_name)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
