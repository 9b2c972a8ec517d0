/** History is never lost: one row a day, kept outside of what is replaced and dropped, seen by the reader as any table. */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { connect } from '../../src/postgres/connect.ts'
import { applyDrop, planDrop } from '../../src/target/drop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { Installation } from './installation.ts'

const at = (instant: string) => ({ at: new Date(instant) })

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.create(version, 40, shopWithHistory)
  })
  afterAll(() => shop.drop())

  const published = () =>
    shop.look('select id, day::text, customers, revenue::integer, best from shop.shop_stats order by day')
  const ledger = () =>
    shop.look('select day::text, figures, origin from vitrine.ledger order by schema_name, table_name, day')
  const days = async () => (await published()).map(({ day }) => day)

  beforeEach(async () => {
    await shop.look('delete from vitrine.ledger; delete from shop.shop_stats')
    await shop.change('delete from purchase where id > 80; delete from customer where id > 40')
  })

  const revenue = 3240
  const first = { customers: 40, revenue, best: 'Customer 9' }

  test('one row a day, by the local day of the data, with a stable key', async () => {
    // 23:30 in Paris, then half an hour after midnight.
    await shop.run(at('2026-03-28T22:30:00Z'))
    await shop.run(at('2026-03-28T23:30:00Z'))
    expect(await published()).toEqual([
      { id: 9583, day: '2026-03-28', ...first },
      { id: 9584, day: '2026-03-29', ...first },
    ])
    expect(await ledger()).toEqual([
      { day: '2026-03-28', figures: first, origin: 'run' },
      { day: '2026-03-29', figures: first, origin: 'run' },
    ])
    const [key] = await shop.look("select date '2026-03-28' - date '2000-01-01' as id")
    expect(key).toEqual({ id: 9583 })
  })

  test('a later run of the day replaces its row, with what is then published; other days are never touched', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    await shop.change(
      "insert into customer (id, email, password, name, created_at) values (41, 'h@example.org', 'x', 'Zoe', now())",
    )
    await shop.run(at('2026-01-06T10:00:00Z'))
    await shop.change('insert into purchase (id, customer_id, amount) values (81, 41, 60)')
    const untouched = await shop.look("select xmin::text, * from vitrine.ledger where day = '2026-01-05'")
    const report = await shop.run(at('2026-01-06T20:00:00Z'))
    expect(await published()).toEqual([
      { id: 9501, day: '2026-01-05', ...first },
      { id: 9502, day: '2026-01-06', customers: 41, revenue: revenue + 60, best: 'Zoe' },
    ])
    expect(await shop.look("select xmin::text, * from vitrine.ledger where day = '2026-01-05'")).toEqual(untouched)
    const { rows, added, changed, removed, carried } = report.tables.find(({ table }) => table === 'shop_stats') ?? {}
    expect([rows, added, changed, removed, carried]).toEqual([2, 0, 1, 0, false])
  })

  test('after drop, migrate and sync every day is back', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    await shop.run(at('2026-01-06T10:00:00Z'))
    const before = await published()
    const session = await connect(shop.target.address(shop.writer), {
      side: 'target',
      name: 'test drop',
      limits: shop.publication.limits,
      readOnly: false,
      searchPath: [],
    })
    await applyDrop(session, await planDrop(session, shop.publication))
    await session.end()
    expect(await shop.look("select from pg_tables where schemaname = 'shop'")).toEqual([])
    await shop.migrate()
    expect(await published()).toEqual([])
    await shop.run(at('2026-01-07T10:00:00Z'))
    expect(await published()).toEqual([...before, { id: 9503, day: '2026-01-07', ...first }])
  })

  test('a failed run, an interrupted one and a rehearsal leave no trace', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    const before = [await ledger(), await published()]
    const rehearsal = await shop.run({ ...at('2026-01-06T10:00:00Z'), dryRun: true })
    expect(rehearsal.tables.find(({ table }) => table === 'shop_stats')).toMatchObject({
      rows: 2,
      added: 1,
      removed: 0,
    })
    const stop = new AbortController()
    const interrupted = await shop.failure({
      ...at('2026-01-06T10:00:00Z'),
      signal: stop.signal,
      observer: Installation.onPhase('verify', () => stop.abort()),
    })
    expect(interrupted.code).toBe('INTERRUPTED')
    await shop.change('delete from purchase where id > 10')
    expect((await shop.failure(at('2026-01-06T10:00:00Z'))).code).toBe('TABLE_SHRANK')
    expect([await ledger(), await published()]).toEqual(before)
    expect(await shop.leftovers()).toEqual([])
    await shop.change(
      'insert into purchase (id, customer_id, amount, label) select n, 1 + n % 40, n, null from generate_series(11, 80) n',
    )
  })

  test('a switch that fails at its last statement records nothing', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    await shop.look(`
      create function vitrine.refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
      create trigger refuse before insert or update on vitrine.ledger for each row execute function vitrine.refuse()`)
    const before = [await ledger(), await published()]
    await shop.failure(at('2026-01-06T10:00:00Z'))
    expect([await ledger(), await published()]).toEqual(before)
    await shop.look('drop function vitrine.refuse() cascade')
  })

  test('the reader never sees it empty, not even from a transaction that began before', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    const idle = await shop.asReader()
    await idle.query('begin transaction isolation level repeatable read')
    // Its snapshot is taken here; it holds no lock, so that the retired versions can go.
    await idle.query('select 1')
    const stop = watch(await shop.asReader())
    await shop.run(at('2026-01-06T10:00:00Z'))
    await shop.change(
      "insert into customer (id, email, password, name, created_at) values (41, 'h@example.org', 'x', 'Zoe', now())",
    )
    await shop.run(at('2026-01-07T10:00:00Z'))
    const sights = await stop()
    expect(sights.length).toBeGreaterThan(5)
    expect(sights.filter((sight) => sight.days === 0 || sight.mixed !== 0)).toEqual([])
    const { rows } = await idle.query('select count(*)::integer as days from shop.shop_stats')
    expect(rows).toEqual([{ days: 3 }])
    await idle.query('commit')
    await shop.target.close(idle)
  })

  /** Looks in a loop: how many days, and whether the last one describes the customers beside it. */
  function watch(reader: pg.Client): () => Promise<readonly { days: number; mixed: number }[]> {
    const sights: { days: number; mixed: number }[] = []
    let watching = true
    const look = async () => {
      while (watching) {
        const { rows } = await reader.query<{ days: number; mixed: number }>(
          `select (select count(*)::integer from shop.shop_stats) as days,
                  (select count(*)::integer from shop.shop_customer) - (select customers from shop.shop_stats order by day desc limit 1) as mixed`,
        )
        sights.push(...rows)
      }
    }
    const done = look()
    return async () => {
      watching = false
      await done
      await shop.target.close(reader)
      return sights
    }
  }

  test('it is one of ours: grants, keys, comments and views of the team survive, and the reader knows its age', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    const writer = await shop.target.connect({ role: shop.writer })
    await writer.query('create view shop.last_day as select max(day) as day from shop.shop_stats')
    await writer.query(`grant select on shop.last_day to "${shop.reader.user}"`)
    await shop.run(at('2026-01-06T10:00:00Z'))
    const reader = await shop.asReader()
    expect((await reader.query('select day::text from shop.last_day')).rows).toEqual([{ day: '2026-01-06' }])
    expect(
      (await reader.query("select row_count::integer from shop.vitrine_freshness where table_name = 'shop_stats'"))
        .rows,
    ).toEqual([{ row_count: 2 }])
    await expect(reader.query('select from vitrine.ledger')).rejects.toThrow(/permission denied/)
    const [shape] = await shop.look(`
      select obj_description('shop.shop_stats'::regclass) as comment, col_description('shop.shop_stats'::regclass, 2) as day,
             array(select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'shop.shop_stats'::regclass and contype <> 'n' order by conname) as keys`)
    expect(shape).toEqual({
      comment: 'One day of the shop.',
      day: 'Day of the data',
      keys: ['UNIQUE (day)', 'PRIMARY KEY (id)'],
    })
    await writer.query('drop view shop.last_day')
    await shop.target.close(writer)
    await shop.target.close(reader)
  })

  test('a partial run computes it from what is staged when one of its tables was read, or when it is named', async () => {
    await shop.run(at('2026-01-05T10:00:00Z'))
    await shop.change(
      "insert into customer (id, email, password, name, created_at) values (41, 'h@example.org', 'x', 'Zoe', now())",
    )
    await shop.run({ ...at('2026-01-06T10:00:00Z'), only: ['shop_purchase'] })
    // The customers were taken over as they were published.
    expect(await published()).toEqual([
      { id: 9501, day: '2026-01-05', ...first },
      { id: 9502, day: '2026-01-06', ...first },
    ])
    await shop.run({ ...at('2026-01-06T11:00:00Z'), only: ['shop_customer'] })
    expect((await published())[1]).toMatchObject({ customers: 41, best: 'Zoe' })
    const alone = await shop.run({ ...at('2026-01-07T10:00:00Z'), only: ['shop_stats'] })
    expect(alone.tables.map(({ table, carried }) => [table, carried])).toEqual([
      ['shop_customer', true],
      ['shop_purchase', true],
      ['shop_stats', false],
    ])
    expect(await days()).toEqual(['2026-01-05', '2026-01-06', '2026-01-07'])
  })
})
