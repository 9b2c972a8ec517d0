/**
 * The switch under pressure, seen from outside: it goes through, or it waits within its budget, never in front of new readers
 * for longer than its lock timeout at a time, and then says who is in the way. Both ways of switching, where they differ.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asVitrineError, type VitrineError } from '../../src/base/errors.ts'
import { definePublication } from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { Installation, SETTINGS, WatchingReader } from './installation.ts'

/** Much less than a wait that readers could notice, much more than a busy machine takes for a look. */
const NOTICED_MS = 700
const PG_DUMP = '/usr/bin/pg_dump'

function pgDumpVersion(): number | null {
  try {
    return Number(/ (\d+)/.exec(execFileSync(PG_DUMP, ['--version'], { encoding: 'utf8' }))?.[1])
  } catch {
    return null
  }
}

describe.each(SETTINGS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  const clients: pg.Client[] = []
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 30)
    await shop.run()
    await shop.run()
  })
  afterAll(() => shop.drop())

  /** A session of the reader with a name that it gives itself. */
  const named = async (application: string): Promise<{ client: pg.Client; pid: number }> => {
    const client = await shop.asReader()
    clients.push(client)
    await client.query(`set application_name = '${application}'`)
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return { client, pid: rows[0]?.pid ?? 0 }
  }
  const close = async () => {
    for (const client of clients.splice(0)) await shop.target.close(client)
  }
  /** Waits until a condition about the target holds. */
  const until = async (condition: string): Promise<void> => {
    const admin = await shop.target.connect()
    for (;;) {
      const { rows } = await admin.query<{ holds: boolean }>(`select exists (${condition}) as holds`)
      if (rows[0]?.holds === true) break
    }
    await shop.target.close(admin)
  }
  const waiting = (table: string) =>
    `select from pg_locks where not granted and mode = 'AccessExclusiveLock' and relation = '${table}'::regclass`
  const published = () =>
    shop.look(`select (select array_agg(oid order by oid) from pg_class where relnamespace = 'shop'::regnamespace) as oids,
      (select array_agg(oid order by oid) from pg_class where relnamespace = 'shop_previous'::regnamespace and relkind = 'r') as kept`)

  /** A run that must go through while somebody is in its way, with a reader that looks on. */
  async function goesThrough(): Promise<WatchingReader> {
    const reader = await WatchingReader.start(shop)
    await shop.run()
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(reader.sights.filter(({ customers, mixed }) => customers !== 30 || mixed > 0)).toEqual([])
    expect(reader.worst).toBeLessThan(NOTICED_MS)
    return reader
  }

  /** A run that must give up: nobody new is kept waiting, nothing has changed, and the error names who is in the way. */
  async function givesUp(fail: () => Promise<VitrineError> = () => shop.failure()): Promise<string> {
    const before = await published()
    const reader = await WatchingReader.start(shop)
    const error = await fail()
    await reader.stop()
    expect(error.code).toBe('SWITCH_BLOCKED')
    expect(reader.errors).toEqual([])
    expect(reader.sights.filter(({ customers, mixed }) => customers !== 30 || mixed > 0)).toEqual([])
    expect(reader.worst).toBeLessThan(NOTICED_MS)
    expect(await published()).toEqual(before)
    expect(await shop.leftovers()).toEqual([])
    const { switchTries, switchQuietTries } = shop.publication.limits
    const detail = error.detail ?? ''
    expect(detail).toMatch(new RegExp(`^${switchTries + switchQuietTries} tries in \\d+\\.\\d s\\. `))
    expect(detail + error.message + JSON.stringify(error)).not.toMatch(/select|canary/i)
    return detail.replace(/^.* s\. /, '')
  }

  /** Where tables are moved, everybody who keeps one is in the way; renames pass by. */
  async function passesOrNames(who: { pid: number }, application: string, table = 'shop.shop_customer'): Promise<void> {
    if (way === 'rename') await goesThrough()
    else {
      expect(await givesUp()).toContain(
        `Session ${who.pid} (${application}, role ${shop.reader.user}), for a time that it hides from us, keeps ${table}`,
      )
    }
  }

  test('a dashboard query of minutes', async () => {
    const dashboard = await named('Metabase question')
    const query = dashboard.client
      .query('/* canary */ select count(*), pg_sleep(600) from shop.shop_customer')
      .catch((error: Error) => error.message)
    await until(`select from pg_locks where pid = ${dashboard.pid} and relation = 'shop.shop_customer'::regclass`)
    await passesOrNames(dashboard, 'Metabase question')
    await shop.look(`select pg_cancel_backend(${dashboard.pid})`)
    expect(await query).toMatch(/canceling statement/)
    await close()
    expect((await shop.run()).switchWay).toBe(way)
  })

  test('an idle transaction that keeps a published table', async () => {
    const idle = await named('DBeaver')
    await idle.client.query('begin; select /* canary */ count(*) from shop.shop_customer')
    await passesOrNames(idle, 'DBeaver')
    await idle.client.query('commit')
    await close()
    await shop.run()
  })

  test('a lock that is let go while the switch waits for it', async () => {
    const idle = await named('idle')
    await idle.client.query('begin; select count(*) from shop.shop_customer')
    const quick = definePublication({
      ...shop.publication,
      limits: { ...shop.publication.limits, switchLockTimeoutMs: 5_000, switchQuietTries: 2, switchTries: 1 },
    })
    const run = shop.run({ publication: quick })
    if (way === 'move') await until(waiting('shop.shop_customer'))
    else await run
    await idle.client.query('commit')
    const report = await run
    expect([report.switchTries, report.switchHeld]).toEqual([3, way === 'move'])
    await close()
  })

  test('a long transaction that keeps a view of the team, which the switch must replace', async () => {
    await shop.look(`create schema team authorization "${shop.writer.user}"; set role "${shop.writer.user}";
      create view team.big as select id from shop.shop_customer; grant usage on schema team to "${shop.reader.user}";
      grant select on team.big to "${shop.reader.user}"; reset role; reset all`)
    const long = await named('weekly export')
    await long.client.query('begin; /* canary */ select count(*) from team.big')
    // Of a role that we do not belong to, the server hides since when; pg_read_all_stats shows it.
    const kept = way === 'rename' ? 'team.big' : 'shop.shop_customer, team.big'
    const session = `Session ${long.pid} (weekly export, role ${shop.reader.user})`
    expect(await givesUp()).toBe(`${session}, for a time that it hides from us, keeps ${kept}.`)
    await shop.look(`grant pg_read_all_stats to "${shop.writer.user}"`)
    const age = '\\d+ s into its transaction'
    expect(await givesUp()).toMatch(new RegExp(`^${session.replace(/[()]/g, '\\$&')}, ${age}, keeps ${kept}\\.$`))
    await shop.look(`revoke pg_read_all_stats from "${shop.writer.user}"`)
    await long.client.query('commit')
    await close()
    await shop.change("update customer set name = 'After'")
    await shop.run()
    expect(
      await shop.look("select from team.big b join shop.shop_customer c using (id) where name = 'After'"),
    ).toHaveLength(30)
    await shop.look('drop schema team cascade')
  })

  test('rights on the schema in a transaction that is not committed', async () => {
    const admin = await shop.target.connect()
    await admin.query(`set application_name = 'psql'; begin; grant create on schema shop to "${shop.reader.user}"`)
    // They stand on a row of the catalogue, which only renaming changes as well.
    if (way === 'rename') {
      expect(await givesUp()).toMatch(
        /^Session \d+ \(psql, role postgres\), for a time .*, keeps changes that are not committed\.$/,
      )
    } else await goesThrough()
    await admin.query('rollback')
    await shop.target.close(admin)
    await shop.run()
  })

  test('all waits of a try together are bounded, not each of them', async () => {
    const [first, second] = [await named('first'), await named('second')]
    const patient = definePublication({
      ...shop.publication,
      limits: { ...shop.publication.limits, switchLockTimeoutMs: 900, switchQuietTries: 0, switchTries: 1 },
    })
    await shop.look(`create schema team authorization "${shop.writer.user}"; set role "${shop.writer.user}";
      create view team.a as select count(*) from shop.shop_customer; create view team.b as select count(*) from shop.shop_purchase;
      grant usage on schema team to "${shop.reader.user}"; grant select on team.a, team.b to "${shop.reader.user}"; reset role`)
    const [one, other] = way === 'rename' ? ['team.a', 'team.b'] : ['shop.shop_customer', 'shop.shop_purchase']
    await first.client.query(`begin; lock table ${one} in access share mode`)
    await second.client.query(`begin; lock table ${other} in access share mode`)
    const failure = shop.failure({ publication: patient })
    await until(waiting(one))
    // A new reader comes behind us; the first lock is let go late, so that waiting as long again for the second would show.
    const begun = performance.now()
    const late = await named('late')
    const look = late.client.query(`select * from ${one}`).then(() => performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, 600))
    await first.client.query('commit')
    expect((await failure).detail).toContain(`Session ${second.pid} (second, `)
    expect(await look).toBeGreaterThan(500)
    expect(await look).toBeLessThan(1_300)
    await second.client.query('commit')
    await close()
    await shop.look('drop schema team cascade')
    await shop.run()
  })

  test('a Metabase sync: its catalogue queries and fingerprints find no gap', async () => {
    const metabase = await named('Metabase sync')
    const fingerprints = await named('Metabase fingerprints')
    let reading = true
    let rounds = 0
    const sync = async () => {
      while (reading) {
        await metabase.client.query(CATALOGUE_TABLES)
        const { rows } = await metabase.client.query<{ table_name: string }>(CATALOGUE_COLUMNS)
        expect(new Set(rows.map(({ table_name }) => table_name))).toEqual(
          new Set(['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs']),
        )
        await metabase.client.query(CATALOGUE_KEYS)
        rounds += 1
      }
    }
    const fingerprint = async () => {
      while (reading) {
        for (const table of ['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs']) {
          const { rows } = await fingerprints.client.query(`select * from shop.${table} limit 10000`)
          expect(rows.length).toBeGreaterThan(0)
        }
      }
    }
    const loops = Promise.all([sync(), fingerprint()])
    for (let run = 0; run < 4; run++) await goesThrough()
    reading = false
    await loops
    expect(rounds).toBeGreaterThan(4)
    await close()
  })

  /** pg_dump itself where it is of the server's version, held up by a reader of its output that does not read. */
  const dumps = pgDumpVersion() === version
  test(`a pg_dump of the target ${dumps ? 'that takes long' : '(its locks and its transaction: there is none of this version)'}`, async () => {
    await shop.look(
      `create schema bulk; create table bulk.filler as select repeat(md5(n::text), 30) from generate_series(1, 20000) n`,
    )
    const dump = dumps ? await Dump.start(shop) : await EmulatedDump.start(shop)
    await until(`select from pg_locks l join pg_stat_activity a using (pid)
      where a.application_name = 'pg_dump' and l.relation = 'shop.shop_customer'::regclass and a.datname = current_database()`)
    const notices: string[] = []
    if (way === 'rename') {
      await shop.run({ observer: (event) => event.kind === 'notice' && notices.push(event.text) })
      await goesThrough()
      // It keeps the version that was to be removed, too: a later run removes it.
      expect(notices).toEqual(['the retired version shop_previous_1 is still being read; the next run removes it'])
    } else
      expect(await givesUp()).toMatch(
        /Session \d+ \(pg_dump, role postgres\), for a time that it hides from us, keeps shop\.shop_customer, /,
      )
    expect(await dump.customers()).toBe(30)
    await shop.look('drop schema bulk cascade')
    await shop.run()
    expect(await shop.leftovers()).toEqual([])
  })

  test('a rollback gives up in the same way', async () => {
    const idle = await named('idle')
    await idle.client.query('begin; select count(*) from shop.shop_customer')
    const back = () =>
      rollback({
        publication: shop.publication,
        target: shop.target.address(shop.writer),
        observer: () => undefined,
        signal: new AbortController().signal,
      })
    if (way === 'rename') await back()
    else {
      const fail = () => back().then(() => Promise.reject(new Error('it rolled back')), asVitrineError)
      expect(await givesUp(fail)).toContain(`Session ${idle.pid} (idle, `)
    }
    await idle.client.query('commit')
    await close()
    expect((await back()).switchWay).toBe(way)
  })
})

/** What a JDBC driver asks for tables, columns and keys (`DatabaseMetaData`), and what Metabase asks besides. */
const CATALOGUE_TABLES = `
  select n.nspname, c.relname, d.description,
         has_table_privilege(c.oid, 'select') as readable, pg_relation_size(c.oid) as size, c.reltuples
  from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid
  left join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
  where c.relkind in ('r', 'p', 'v', 'f', 'm') and n.nspname = 'shop'`
const CATALOGUE_COLUMNS = `
  select c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default, p.privilege_type
  from information_schema.columns c
  join information_schema.column_privileges p using (table_schema, table_name, column_name)
  where c.table_schema = 'shop'`
const CATALOGUE_KEYS = `
  select t.table_name, t.constraint_type, k.column_name, pg_get_constraintdef(o.oid) as definition, x.indexdef
  from information_schema.table_constraints t
  join information_schema.key_column_usage k using (constraint_schema, constraint_name, table_name)
  join pg_catalog.pg_constraint o on o.conname = t.constraint_name
  left join pg_catalog.pg_indexes x on x.schemaname = t.table_schema and x.tablename = t.table_name
  where t.table_schema = 'shop'`

/** A dump of the whole database by pg_dump, which does not get on until its output is read. */
class Dump {
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
class EmulatedDump {
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
