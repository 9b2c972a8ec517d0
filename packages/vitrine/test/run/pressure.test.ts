/**
 * The switch under pressure, seen from outside: it goes through, or it waits within its budget, never in front of new readers
 * for longer than its lock timeout at a time, and then says who is in the way. Both ways of switching, where they differ.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { asVitrineError, type VitrineError } from '../../src/base/errors.ts'
import { definePublication } from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { RETIRED, STAGING } from '../publication/shop.ts'
import { Dump, EmulatedDump, pgDumpVersion } from './dump.ts'
import { ACROSS, Installation, WatchingReader } from './installation.ts'
import { CATALOGUE_COLUMNS, CATALOGUE_KEYS, CATALOGUE_TABLES } from './metabase-sync.ts'

/** Much less than a switch without a bound waits, much more than a busy machine takes for a look. */
const NOTICED_MS = 60_000
describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  const clients: pg.Client[] = []
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 30)
    await shop.run()
    await shop.run()
  })
  // Also after a test that failed, so that the next ones find nobody in their way.
  afterEach(async () => {
    await close()
    await shop.look(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_dump' and datname = current_database()",
    )
    await shop.look(`drop schema if exists team, bulk cascade; revoke pg_read_all_stats from "${shop.writer.user}"`)
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
      await pause(10)
    }
    await shop.target.close(admin)
  }
  const waiting = (table: string) =>
    `select from pg_locks where not granted and mode = 'AccessExclusiveLock' and relation = '${table}'::regclass`
  const published = () =>
    shop.look(`select (select array_agg(oid order by oid) from pg_class where relnamespace = 'shop'::regnamespace) as oids,
      (select array_agg(oid order by oid) from pg_class where relnamespace = '${RETIRED}'::regnamespace and relkind = 'r') as kept`)

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
        `Session ${who.pid} (${application}, role ${shop.reader.user}), whose age only pg_read_all_stats shows, keeps ${table}`,
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
    expect((await shop.run()).switchWay).toBe(way)
  })

  test('an idle transaction that keeps a published table', async () => {
    const idle = await named('DBeaver')
    await idle.client.query('begin; select /* canary */ count(*) from shop.shop_customer')
    await passesOrNames(idle, 'DBeaver')
    await idle.client.query('commit')
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
    expect(await givesUp()).toBe(`${session}, whose age only pg_read_all_stats shows, keeps ${kept}.`)
    await shop.look(`grant pg_read_all_stats to "${shop.writer.user}"`)
    const age = '\\d+ s into its transaction'
    expect(await givesUp()).toMatch(new RegExp(`^${session.replace(/[()]/g, '\\$&')}, ${age}, keeps ${kept}\\.$`))
    await long.client.query('commit')
    await shop.change("update customer set name = 'After'")
    await shop.run()
    expect(
      await shop.look("select from team.big b join shop.shop_customer c using (id) where name = 'After'"),
    ).toHaveLength(30)
  })

  test('rights on the schema in a transaction that is not committed', async () => {
    const admin = await shop.target.connect()
    await admin.query(`set application_name = 'psql'; begin; grant create on schema shop to "${shop.reader.user}"`)
    // They stand on a row of the catalogue, which only renaming changes as well.
    if (way === 'rename') {
      expect(await givesUp()).toMatch(
        /^Session \d+ \(psql, role postgres\), whose age only pg_read_all_stats shows, keeps changes that are not committed\.$/,
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
      limits: { ...shop.publication.limits, switchLockTimeoutMs: 6_000, switchQuietTries: 0, switchTries: 1 },
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
    await until(`select from pg_locks where not granted and pid = ${late.pid}`)
    await pause(3_000)
    const held = performance.now() - begun
    await first.client.query('commit')
    expect((await failure).detail).toContain(`Session ${second.pid} (second, `)
    expect(await look).toBeLessThan(held + patient.limits.switchLockTimeoutMs)
    await second.client.query('commit')
    await shop.look('drop schema team cascade')
    await shop.run()
  })

  test('a Metabase sync: its catalogue queries and fingerprints find no gap, also where a switch overtakes them', async () => {
    const metabase = await named('Metabase sync')
    const fingerprints = await named('Metabase fingerprints')
    let reading = true
    let rounds = 0
    const columnTables = async () => {
      const { rows } = await metabase.client.query<{ table_name: string }>(CATALOGUE_COLUMNS)
      return [...new Set(rows.map(({ table_name }) => table_name))].toSorted()
    }
    const sync = async () => {
      while (reading) {
        await metabase.client.query(CATALOGUE_TABLES)
        const all = ['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs', 'vitrine_unknowns']
        expect(await columnTables()).toEqual(all)
        await metabase.client.query(CATALOGUE_KEYS)
        rounds += 1
        await pause(10)
      }
    }
    const fingerprint = async () => {
      while (reading) {
        for (const table of ['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs']) {
          const { rows } = await fingerprints.client.query(`select * from shop.${table} limit 10000`)
          expect(rows.length).toBeGreaterThan(0)
        }
        await pause(10)
      }
    }
    const loops = Promise.all([sync(), fingerprint()])
    for (let run = 0; run < 2; run++) await goesThrough()
    reading = false
    await loops
    expect(rounds).toBeGreaterThan(2)
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
      expect(notices).toEqual([
        `a retired version is not removed yet, the next run tries again: ${RETIRED}_1 (SWITCH_BLOCKED)`,
      ])
    } else
      expect(await givesUp()).toMatch(
        /Session \d+ \(pg_dump, role postgres\), whose age only pg_read_all_stats shows, keeps shop\.shop_customer, /,
      )
    expect(await dump.customers()).toBe(30)
    await shop.look('drop schema bulk cascade')
    await shop.run()
    expect(await shop.leftovers()).toEqual([])
  })

  test('a dump that begins during a run cannot keep a table that still needs a key', async () => {
    const admin = await shop.target.connect()
    let looking = true
    let [finished, unfinished] = [0, 0]
    const looks = (async () => {
      while (looking) {
        const { rows } = await admin.query<{ keyed: boolean }>(
          `select exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p') as keyed
           from pg_class c where c.relnamespace = to_regnamespace('${STAGING}') and c.relkind = 'r'`,
        )
        finished += rows.filter(({ keyed }) => keyed).length
        unfinished += rows.filter(({ keyed }) => !keyed).length
        await pause(2)
      }
    })()
    for (let run = 0; run < 3; run++) await shop.run()
    looking = false
    await looks
    await shop.target.close(admin)
    expect(finished).toBeGreaterThan(0)
    expect(unfinished).toBe(0)
  })

  test('a rollback gives up in the same way', async () => {
    const idle = await named('idle')
    await idle.client.query('begin; select count(*) from shop.shop_customer')
    const back = () =>
      rollback({
        publication: shop.publication,
        target: shop.target.address(shop.writer),
      })
    if (way === 'rename') await back()
    else {
      const fail = () => back().then(() => Promise.reject(new Error('it rolled back')), asVitrineError)
      expect(await givesUp(fail)).toContain(`Session ${idle.pid} (idle, `)
    }
    await idle.client.query('commit')
    expect((await back()).switchWay).toBe(way)
  })
})
