// Drop against real servers: it takes away what is ours and nothing else, whole or half there, and all can be rebuilt.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NEWEST, TestDatabase, type TestRole } from '../../../../test/database.ts'
import { applyProvision, planProvision } from '../../src/access/provision.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import type { Publication } from '../../src/publication/publication.ts'
import { applyDrop, planDrop } from '../../src/run/drop.ts'
import { migrate } from '../../src/run/migrate.ts'
import { RETIRED, STAGING, shop } from '../publication/shop.ts'

describe.each(NEWEST)('on PostgreSQL %i', (version) => {
  let database: TestDatabase
  let publication: Publication
  let roles: readonly [TestRole, TestRole]
  let admin: Session
  let writer: Session

  const session = (role?: TestRole): Promise<Session> => {
    const options = { side: 'target', name: 'test', readOnly: false } as const
    return connect(database.address(role), options)
  }
  const relations = async (): Promise<readonly string[]> => {
    const rows = await admin.query<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'v') and starts_with(n.nspname, 'shop') order by 1`,
    )
    return rows.map(({ name }) => name)
  }
  const migrated = async () => migrate({ session: writer, publication })
  const drop = async () => applyDrop({ session: writer, publication }, await planDrop({ session: writer, publication }))
  const OURS = ['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs', 'vitrine_unknowns'].map(
    (name) => `shop.${name}`,
  )

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'drop')
    roles = [await database.createRole('writer'), await database.createRole('reader')]
    publication = shop({ writer: roles[0].user, reader: roles[1].user })
    admin = await session()
    await applyProvision(admin, await planProvision(admin, publication, { readerPassword: null, writerPassword: null }))
  })
  beforeEach(async () => {
    // A session of its own for each test, because a drop keeps the run lock until its session ends.
    await writer?.end()
    writer = await session(roles[0])
    await migrated()
    expect(await relations()).toEqual(OURS)
  })
  afterAll(async () => {
    await writer.end()
    await admin.end()
    await database.drop(roles)
  })

  test('it drops what it made, keeps schema, rights and records, and everything can be rebuilt', async () => {
    await writer.execute(`insert into vitrine.freshness values ('shop', 'shop_customer', 1, now(), now()), ('other', 't', 1, now(), now());
      insert into vitrine.run (schema_name, trigger, state, phase, fingerprint, tool_version, started_at)
        values ('shop', 'command', 'succeeded', 'record', 'f', '1', now());
      create table ${STAGING}.shop_customer (id bigint primary key);
      create table ${STAGING}.shop_purchase (customer_id bigint references ${STAGING}.shop_customer);
      create table ${RETIRED}.shop_customer (id bigint);
      create view ${RETIRED}.vitrine_freshness as select id from ${RETIRED}.shop_customer;
      insert into vitrine.made (schema_name, catalog, register, id, name, built)
        select 'shop', 'pg_class'::regclass, 'vitrine.made'::regclass, oid, relname, true from pg_class
        where relnamespace in ('${STAGING}'::regnamespace, '${RETIRED}'::regnamespace) and relkind in ('r', 'v')`)
    const plan = await planDrop({ session: writer, publication })
    expect(plan.steps.map(({ text }) => text)).toEqual([
      `drop view: shop.vitrine_freshness, shop.vitrine_runs, shop.vitrine_unknowns, ${RETIRED}.vitrine_freshness`,
      `drop table: shop.shop_customer, shop.shop_purchase, ${STAGING}.shop_customer, ${STAGING}.shop_purchase, ${RETIRED}.shop_customer`,
      `drop schema: ${STAGING}, ${RETIRED}`,
      'forget what was approved for shop, and how old its tables were',
    ])
    expect(plan.kept).toEqual([
      'schema shop with the rights on it',
      'schema vitrine with the record of runs and the history',
    ])
    expect(plan.blockers).toEqual([])
    expect(plan.steps.map(({ sql }) => sql).join()).not.toMatch(/cascade/i)
    await applyDrop({ session: writer, publication }, plan)
    expect(await relations()).toEqual([])
    expect(await writer.query("select nspname from pg_namespace where starts_with(nspname, 'shop')")).toEqual([
      { nspname: 'shop' },
    ])
    expect(await writer.query('select schema_name from vitrine.freshness')).toEqual([{ schema_name: 'other' }])
    expect(await writer.query('select schema_name from vitrine.run')).toEqual([{ schema_name: 'shop' }])
    expect((await planDrop({ session: writer, publication })).steps).toEqual([])
    await drop()

    await migrated()
    const reader = await session(roles[1])
    await reader.execute('select from shop.shop_customer; select from shop.vitrine_freshness')
    await reader.end()
  })

  test('what others made in the schema is named and kept', async () => {
    await writer.execute(
      'create table shop.notes (id bigint); create function shop.one() returns int language sql as $$ select 1 $$',
    )
    await admin.execute('create view shop.numbers as select 1 as n')
    const plan = await planDrop({ session: writer, publication })
    expect(plan.kept.slice(0, 3)).toEqual([
      `function shop.one() of ${roles[0].user}`,
      `table shop.notes of ${roles[0].user}`,
      'view shop.numbers of postgres',
    ])
    await applyDrop({ session: writer, publication }, plan)
    expect(await relations()).toEqual(['shop.notes', 'shop.numbers'])
    await admin.execute('drop table shop.notes; drop view shop.numbers; drop function shop.one()')
  })

  test('what depends on our tables blocks, by name, and nothing is dropped', async () => {
    await admin.execute(`create schema team;
      create view team.by_country as select country, count(*) from shop.shop_customer group by country;
      create view team.freshness as select * from shop.vitrine_freshness;
      create materialized view team.labels as select label from shop.shop_purchase;
      create table team.orders (customer_id bigint references shop.shop_customer, one shop.shop_purchase);
      create function team.names() returns bigint begin atomic select count(*) from shop.shop_customer; end`)
    const plan = await planDrop({ session: writer, publication })
    expect(plan.blockers.map(({ place, detail }) => `${place}: ${detail}`)).toEqual([
      'constraint orders_customer_id_fkey on table team.orders: it depends on shop_customer',
      'function team.names(): it depends on shop_customer',
      'materialized view team.labels: it depends on shop_purchase',
      'table team.orders: it depends on shop_purchase',
      'view team.by_country: it depends on shop_customer',
      'view team.freshness: it depends on vitrine_freshness',
    ])
    await expect(applyDrop({ session: writer, publication }, plan)).rejects.toMatchObject({
      code: 'DEPENDENT_BLOCKS',
      problems: plan.blockers,
    })
    expect(await relations()).toEqual(OURS)
    await admin.execute(
      'drop function team.names(); drop table team.orders; drop view team.by_country, team.freshness; drop materialized view team.labels',
    )
    await drop()
    expect(await relations()).toEqual([])
    await admin.execute('drop schema team')
  })

  test('what was built since the plan was made blocks as well', async () => {
    const plan = await planDrop({ session: writer, publication })
    await admin.execute('create view public.late as select id from shop.shop_customer')
    await expect(applyDrop({ session: writer, publication }, plan)).rejects.toMatchObject({
      code: 'DEPENDENT_BLOCKS',
      problems: [expect.objectContaining({ place: 'view public.late' })],
    })
    expect(await relations()).toEqual(OURS)
    await admin.execute('drop view public.late')
  })

  test.each([
    ['a table', 'drop table shop.shop_purchase'],
    ['the view and both tables', 'drop view shop.vitrine_freshness; drop table shop.shop_purchase, shop.shop_customer'],
    [
      'the records and the views',
      'delete from vitrine.installation; delete from vitrine.version; delete from vitrine.made; drop view shop.vitrine_freshness, shop.vitrine_runs, shop.vitrine_unknowns',
    ],
  ])('it works when half is gone already, before the plan or after it: %s', async (what, gone) => {
    const early = await planDrop({ session: writer, publication })
    await writer.execute(gone)
    const late = await planDrop({ session: writer, publication })
    await applyDrop({ session: writer, publication }, late)
    // Without the record nothing proves that the tables are ours: they are kept.
    const kept = what.startsWith('the records') ? ['shop.shop_customer', 'shop.shop_purchase'] : []
    expect(await relations()).toEqual(kept)
    expect(late.kept.slice(0, kept.length)).toEqual(kept.map((name) => `table ${name} of ${roles[0].user}`))
    await applyDrop({ session: writer, publication }, early)
    expect(await relations()).toEqual([])
  })

  test('it works when the schema or the bookkeeping is gone', async () => {
    await admin.execute('drop schema shop cascade')
    expect((await planDrop({ session: writer, publication })).kept).toHaveLength(1)
    await drop()
    await admin.execute('drop schema vitrine cascade')
    await drop()
    expect(await planDrop({ session: writer, publication })).toMatchObject({ steps: [], kept: [], blockers: [] })
    await applyProvision(admin, await planProvision(admin, publication, { readerPassword: null, writerPassword: null }))
  })

  test('it refuses another publication, a run in progress, a foreign owner and strangers in a schema of ours', async () => {
    await expect(planDrop({ session: writer, publication: { ...publication, name: 'other' } })).rejects.toMatchObject({
      code: 'TARGET_OTHER_INSTALLATION',
    })
    const running = await session(roles[0])
    await takeRunLock(running, 'shop')
    await expect(drop()).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
    await running.end()
    await admin.execute('alter table shop.shop_purchase owner to postgres')
    await expect(drop()).rejects.toMatchObject({
      code: 'DEPENDENT_BLOCKS',
      problems: [{ place: 'shop.shop_purchase', detail: 'it belongs to postgres' }],
    })
    await admin.execute(`alter table shop.shop_purchase owner to ${roles[0].user}`)
    await writer.execute(`create sequence ${STAGING}.counter`)
    await expect(drop()).rejects.toMatchObject({
      code: 'DEPENDENT_BLOCKS',
      problems: [{ place: `sequence ${STAGING}.counter` }],
    })
    await writer.execute(`drop sequence ${STAGING}.counter`)
    expect(await relations()).toEqual(OURS)
  })

  test('history goes only when it is asked for, and only that of this schema', async () => {
    await writer.execute(`insert into vitrine.ledger values
      ('shop', 'shop_stats', '2026-01-01', '{}', 'run', now()), ('shop', 'shop_stats', '2026-01-03', '{}', 'run', now()),
      ('other', 'stats', '2026-01-01', '{}', 'run', now())`)
    expect((await planDrop({ session: writer, publication })).days).toBe(2)
    const plan = await planDrop({ session: writer, publication }, { history: true })
    expect(plan.steps.at(-1)?.text).toBe(
      'forget for ever the 2 recorded days of shop_stats, from 2026-01-01 to 2026-01-03',
    )
    expect(plan.kept.at(-1)).toBe('schema vitrine with the record of runs')
    await applyDrop({ session: writer, publication }, plan)
    expect(await writer.query('select schema_name from vitrine.ledger')).toEqual([{ schema_name: 'other' }])
    await writer.execute('delete from vitrine.ledger')
  })

  test('a reader in the way is waited for a bounded time, and nothing is dropped', async () => {
    const reader = await session(roles[1])
    await reader.execute('begin; select from shop.shop_customer')
    await expect(drop()).rejects.toMatchObject({
      code: 'SWITCH_BLOCKED',
      detail: expect.stringContaining(`Session ${reader.pid} (test, role ${roles[1].user})`),
    })
    expect(await relations()).toEqual(OURS)
    const waiting = drop()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await reader.end()
    await waiting
    expect(await relations()).toEqual([])
  })
})
