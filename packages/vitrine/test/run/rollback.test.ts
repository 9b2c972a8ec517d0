/** Rollback: the version before comes back whole, with one command, while readers look; the history does not go back. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import { because, bigint, definePublication, from, type Publication } from '../../src/index.ts'
import { type RollbackReport, rollback } from '../../src/run/rollback.ts'
import { isDue } from '../../src/schedule/dueness.ts'
import { RETIRED, source } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { ACROSS, Installation, WatchingReader } from './installation.ts'

/** The same publication with one table more. */
const withExtra = (publication: Publication): Publication => {
  const extra = from(source.selectFrom('customer as c')).publish('shop_extra', 'More.', ({ ref }) => ({
    id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
  }))
  return definePublication({ ...publication, tables: [...publication.tables, extra] })
}

/** A reader that opens a connection for each look, as a dashboard that nobody had open. */
function comingAndGoing(shop: Installation): {
  readonly looks: () => number
  readonly errors: string[]
  readonly stop: () => Promise<void>
} {
  const errors: string[] = []
  let looks = 0
  let coming = true
  const come = async () => {
    while (coming) {
      const reader = await shop.asReader()
      await reader.query('select count(*) from shop.shop_customer').catch((error: Error) => errors.push(error.message))
      looks += 1
      await shop.target.close(reader)
      await pause(20)
    }
  }
  const done = Promise.all([come(), come(), come()])
  return {
    looks: () => looks,
    errors,
    stop: async () => {
      coming = false
      await done
    },
  }
}

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 40, shopWithHistory)
  })
  afterAll(() => shop.drop())

  const back = (publication: Publication = shop.publication, signal = new AbortController().signal) =>
    rollback({ publication, target: shop.target.address(shop.writer), signal })
  const refused = (attempt: Promise<RollbackReport>) =>
    attempt.then(
      () => 'it rolled back',
      (thrown: unknown) => {
        const { code, problems } = asVitrineError(thrown)
        return [code, ...problems.map(({ place, detail }) => `${place}: ${detail}`)].join(' ')
      },
    )
  const at = (instant: string) => ({ at: new Date(instant) })
  const names = () => shop.look<{ name: string }>('select name from shop.shop_customer order by id limit 3')
  const rename = (name: string) => shop.change(`update customer set name = '${name}'`)
  const days = async () =>
    (await shop.look<{ day: string }>('select day::text from shop.shop_stats order by 1')).map(({ day }) => day)

  test('there is nothing to go back to before two runs have published', async () => {
    expect(await refused(back())).toBe('VERSION_NOT_KEPT')
    await rename('Good')
    await shop.run(at('2026-03-02T10:00:00Z'))
    // What the first run replaced are the empty tables of the migration.
    expect(await refused(back())).toBe('VERSION_NOT_KEPT')
    expect(await names()).toEqual(Array(3).fill({ name: 'Good' }))
  })

  test('the version before comes back whole, and a second rollback undoes the first', async () => {
    await rename('Bad')
    await shop.change('delete from purchase where id > 75')
    await shop.run(at('2026-03-03T10:00:00Z'))
    const reader = await WatchingReader.start(shop)
    const report = await back()
    expect(await names()).toEqual(Array(3).fill({ name: 'Good' }))
    expect(
      report.tables.map(({ table, rows, added, changed, removed }) => [table, rows, added, changed, removed]),
    ).toEqual([
      ['shop_customer', 40, 0, 40, 0],
      ['shop_purchase', 80, 5, 0, 0],
      ['shop_stats', 2, 0, 0, 0],
    ])
    await back()
    expect(await names()).toEqual(Array(3).fill({ name: 'Bad' }))
    await back()
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(reader.sights.length).toBeGreaterThan(10)
    const counts = new Set(reader.sights.map(({ customers, purchases, mixed }) => [customers, purchases, mixed].join()))
    expect([...counts].toSorted()).toEqual(['40,75,0', '40,80,0'])
    expect(await shop.leftovers()).toEqual([])
  })

  test('the history does not go back: no day is lost, neither in the ledger nor for the reader', async () => {
    const ledger = () => shop.look('select xmin::text, * from vitrine.ledger order by day')
    const before = await ledger()
    expect(before).toHaveLength(2)
    expect(await days()).toEqual(['2026-03-02', '2026-03-03'])
    await back()
    await back()
    expect(await ledger()).toEqual(before)
    expect(await days()).toEqual(['2026-03-02', '2026-03-03'])
  })

  test('it is recorded as a run, the freshness is that of the data, and the night is not due again', async () => {
    const { run, dataOf } = await back()
    await back()
    const [record] = await shop.look(`select trigger, state, phase, published_at is not null as published,
      data_of = (select max(data_of) from vitrine.kept_freshness where table_name <> 'shop_stats') as dated
      from vitrine.run where id = ${run}`)
    expect(record).toEqual({ trigger: 'rollback', state: 'succeeded', phase: 'record', published: true, dated: true })
    expect(dataOf).toBeInstanceOf(Date)
    const reader = await shop.asReader()
    const { rows } = await reader.query(
      `select started_by, state, error_code, row_count::integer from shop.vitrine_runs where run = ${run}`,
    )
    expect(rows).toEqual([{ started_by: 'rollback', state: 'succeeded', error_code: null, row_count: 40 + 75 + 2 }])
    await shop.target.close(reader)
    await back()
    const session = await shop.session()
    // Else the schedule would publish at once what was just taken back.
    expect((await isDue(session, shop.publication)).due).toBe(false)
    await session.end()
    await back()
  })

  test('grants, comments, default privileges and views of the team follow the reader’s version', async () => {
    await shop.look(`create schema team authorization "${shop.writer.user}"`)
    const writer = await shop.target.connect({ role: shop.writer })
    await writer.query(`create view shop.inside as select max(name) as name from shop.shop_customer;
      create view team.age as select table_name, row_count from shop.vitrine_freshness;
      create view team.seen as select count(*)::integer as n from shop.shop_purchase`)
    const picture = () =>
      shop.look(`select c.relname, c.relacl::text, obj_description(c.oid) as comment, n.nspacl::text, obj_description(n.oid) as about,
        (select array_agg(defaclacl::text) from pg_default_acl d where d.defaclnamespace = n.oid) as defaults
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'shop' and c.relkind in ('r', 'v') order by 1`)
    const [before] = [await picture()]
    await back()
    expect(await picture()).toEqual(before)
    expect(await shop.look('select (select name from shop.inside), (select n from team.seen)')).toEqual([
      { name: 'Bad', n: 75 },
    ])
    await back()
    expect(await shop.look('select (select name from shop.inside), (select n from team.seen)')).toEqual([
      { name: 'Good', n: 80 },
    ])
    // A view on a view of ours must not keep the version alive in which it was made.
    await shop.run(at('2026-03-04T10:00:00Z'))
    await shop.run(at('2026-03-04T11:00:00Z'))
    expect(await shop.leftovers()).toEqual([])
    await writer.query('drop view team.age, team.seen, shop.inside; drop schema team')
    await shop.target.close(writer)
  })

  // Where tables are moved, it stops the rollback: see pressure.test.ts.
  test.runIf(way === 'rename')('a reader in a transaction of before is neither stopped nor emptied', async () => {
    await rename('Newer')
    await shop.run(at('2026-03-05T10:00:00Z'))
    const idle = await shop.asReader()
    await idle.query('begin transaction isolation level repeatable read; select count(*) from shop.shop_customer')
    await back()
    const { rows } = await idle.query('select count(*)::integer as n, max(day)::text as day from shop.shop_stats')
    expect(rows[0]).toEqual({ n: 4, day: '2026-03-05' })
    const again = await idle.query('select count(*)::integer as n from shop.shop_purchase')
    expect(again.rows).toEqual([{ n: 75 }])
    await idle.query('commit')
    await shop.target.close(idle)
    await back()
  })

  test('a changed structure goes back with its data, and comes again with a second rollback', async () => {
    const more = withExtra(shop.publication)
    const tables = async () =>
      (
        await shop.look<{ name: string }>(
          "select relname as name from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v') order by 1",
        )
      ).map(({ name }) => name)
    const before = [await tables(), await names()]
    await shop.migrate(more)
    await shop.run({ publication: more })
    const after = await tables()
    expect(after).toContain('shop_extra')
    await back(more)
    expect([await tables(), await names()]).toEqual(before)
    await back(more)
    expect(await tables()).toEqual(after)
    expect(await shop.look('select count(*)::integer as n from shop.shop_extra')).toEqual([{ n: 40 }])
    await back(more)
    // The former definition must be approved again before it publishes.
    expect((await shop.failure()).code).toBe('TARGET_NOT_MIGRATED')
    await shop.migrate()
    await shop.run()
    expect(await tables()).toEqual(before[0])
    expect(await refused(back({ ...shop.publication, name: 'other' }))).toBe('TARGET_OTHER_INSTALLATION')
  })

  test('one at a time, and an interrupted one changes nothing', async () => {
    let second: Promise<string> | undefined
    await shop.run({ observer: Installation.onPhase('stage', () => (second ??= refused(back()))) })
    expect(await second).toBe('RUN_IN_PROGRESS')
    const before = await names()
    const stop = new AbortController()
    stop.abort()
    expect(await refused(back(shop.publication, stop.signal))).toBe('INTERRUPTED')
    expect(await names()).toEqual(before)
    expect(await refused(back())).toBe('it rolled back')
  })

  test('a reader that comes anew in the instant of a switch is let in', async () => {
    const { looks, errors, stop } = comingAndGoing(shop)
    for (let turn = 0; turn < 8; turn++) await back()
    await stop()
    expect(errors).toEqual([])
    expect(looks()).toBeGreaterThan(8)
    // What has left is out of sight all the same.
    const reader = await shop.asReader()
    await expect(reader.query(`select from ${RETIRED}.shop_customer`)).rejects.toThrow(/permission denied/)
    await shop.target.close(reader)
  })

  test('the night that is taken back still counts when its record was cut short', async () => {
    const { run } = await shop.run()
    await shop.look(
      `delete from vitrine.run_table where run_id = ${run}; update vitrine.run set state = 'running' where id = ${run}`,
    )
    await back()
    const session = await shop.session()
    expect((await isDue(session, shop.publication)).due).toBe(false)
    await session.end()
    await back()
  })

  test('with no version kept there is none to go back to, and none on the disk', async () => {
    const none = definePublication({ ...shop.publication, limits: { versionsKept: 0 } })
    await shop.run({ publication: none })
    expect(await shop.leftovers()).toEqual([])
    expect(await shop.look(`select from pg_class where relnamespace = to_regnamespace('${RETIRED}')`)).toEqual([])
    expect(await refused(back(none))).toBe('VERSION_NOT_KEPT')
  })
})
