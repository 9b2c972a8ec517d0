/** Dumps of a target that last as long as a test wants: by pg_dump where it is of the server's version, else its locks. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type pg from 'pg'
import { expect } from 'vitest'
import type { Installation } from './installation.ts'

const PG_DUMP = '/usr/bin/pg_dump'

export function pgDumpVersion(): number | null {
  try {
    return Number(/ (\d+)/.exec(execFileSync(PG_DUMP, ['--version'], { encoding: 'utf8' }))?.[1])
  } catch {
    return null
  }
}

/** A dump of the whole database by pg_dump, which does not get on until its output is read. */
export class Dump {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown[]>
  #said = ''

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#ended = once(process, 'close')
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
  }

  static async start(shop: Installation): Promise<Dump> {
    return new Dump(spawn(PG_DUMP, [shop.target.url()], { stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /** Reads the dump to its end and counts the customers in it. */
  async customers(): Promise<number> {
    let text = ''
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    const [status] = await this.#ended
    expect([status, this.#said]).toEqual([0, ''])
    const rows = /^COPY shop\.shop_customer [^\n]*\n(.*?)^\\\.$/ms.exec(text)?.[1] ?? ''
    return rows.split('\n').length - 1
  }
}

/** The locks and the transaction of pg_dump: ACCESS SHARE on every table, REPEATABLE READ, then a copy of each by its name. */
export class EmulatedDump {
  readonly #client: pg.Client
  readonly #shop: Installation

  private constructor(client: pg.Client, shop: Installation) {
    this.#client = client
    this.#shop = shop
  }

  static async start(shop: Installation): Promise<EmulatedDump> {
    const client = await shop.target.connect()
    await client.query(
      "set application_name = 'pg_dump'; set lock_timeout = 0; begin isolation level repeatable read, read only",
    )
    const { rows } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
    )
    await client.query(`lock table ${rows.map(({ name }) => name).join(', ')} in access share mode`)
    return new EmulatedDump(client, shop)
  }

  async customers(): Promise<number> {
    const { rows } = await this.#client.query('select * from shop.shop_customer')
    await this.#client.query('commit')
    await this.#shop.target.close(this.#client)
    return rows.length
  }
}
