/** The promises of a run, each tested from outside: a second connection, as the reader, looks while things happen. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACROSS, Installation, WatchingReader } from './installation.ts'

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 300)
    await shop.run()
  })
  afterAll(() => shop.drop())

  test('what is published is what was declared', async () => {
    const [table] = await shop.look(`select count(*)::integer as rows, count(distinct person)::integer as persons,
      array_agg(distinct job order by job) as jobs, min(country) as country, sum(purchases)::integer as purchases from shop.shop_customer`)
    expect(table).toEqual({ rows: 300, persons: 300, jobs: ['chief', 'other', null], country: 'C1', purchases: 600 })
  })

  test('one instant: all tables agree while users act during the run', async () => {
    const users = await shop.source.connect({ role: shop.app })
    let acting = true
    const act = async () => {
      for (let n = 0; acting; n++) {
        await users.query('begin')
        await users.query(
          "with c as (insert into customer (email, password, name, created_at) values ('u@example.org', 'x', 'New', now()) returning id) insert into purchase (customer_id, amount) select id, 1 from c",
        )
        if (n % 3 === 0) {
          await users.query('delete from purchase where customer_id = (select min(id) from customer where id > 100)')
          await users.query('delete from customer where id = (select min(id) from customer where id > 100)')
        }
        await users.query('commit')
        await pause(5)
      }
    }
    const acted = act()
    const reader = await WatchingReader.start(shop)
    for (let n = 0; n < 3; n++) await shop.run()
    acting = false
    await acted
    await reader.stop()
    await shop.source.close(users)
    expect(reader.errors).toEqual([])
    expect(reader.sights.filter(({ mixed }) => mixed > 0)).toEqual([])
    expect(new Set(reader.sights.map(({ customers }) => customers)).size).toBeGreaterThan(1)
  })

  test('never empty: a reader in a loop sees whole versions during successful and failing runs', async () => {
    const reader = await WatchingReader.start(shop)
    await shop.run()
    await shop.change(
      'alter table customer drop constraint customer_pkey cascade; insert into customer select * from customer where id = 1',
    )
    expect((await shop.failure()).code).toBe('KEY_DUPLICATE')
    await shop.change(
      'delete from customer where ctid = (select max(ctid) from customer where id = 1); alter table customer add primary key (id)',
    )
    await shop.run()
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(reader.sights.length).toBeGreaterThan(10)
    expect(
      reader.sights.filter(({ customers, purchases, mixed }) => customers === 0 || purchases === 0 || mixed > 0),
    ).toEqual([])
    expect(await shop.leftovers()).toEqual([])
  })

  // Where tables are moved it does: see pressure.test.ts.
  test.runIf(way === 'rename')(
    'readers are not stopped: an idle transaction holding a lock neither waits nor makes the switch wait',
    async () => {
      const idle = await shop.asReader()
      await idle.query('begin transaction isolation level repeatable read')
      const before = await idle.query('select count(*) from shop.shop_customer')
      await shop.change(
        "insert into customer (email, password, name, created_at) values ('later@example.org', 'x', 'Later', now())",
      )
      const report = await shop.run()
      // The table that it keeps cannot be held: the switch goes on without, and waits for nobody.
      expect(report.switchHeld).toBe(false)
      expect(report.switchTries).toBe(shop.publication.limits.switchQuietTries + 1)
      const reader = await shop.asReader()
      const after = await reader.query('select count(*) from shop.shop_customer')
      expect(Number(after.rows[0].count)).toBe(Number(before.rows[0].count) + 1)
      // Begun before the switch, it must not find the table empty: the rows were loaded frozen.
      const again = await idle.query('select count(*) from shop.shop_customer')
      expect(Number(again.rows[0].count)).toBeGreaterThan(0)
      await idle.query('commit')
      await shop.run()
      expect(await shop.leftovers()).toEqual([])
      await shop.target.close(idle)
      await shop.target.close(reader)
    },
  )

  test('nothing undeclared leaves: no column, no value that was not declared is anywhere in the target', async () => {
    const tables = await shop.look<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    )
    expect(tables.length).toBeGreaterThan(5)
    for (const { name } of tables) {
      const [found] = await shop.look<{ rows: number }>(
        `select count(*)::integer as rows from ${name} t where t::text ~ 'canary|example\\.org|password'`,
      )
      expect([name, found?.rows]).toEqual([name, 0])
    }
  })

  test('everything is recorded: phases, tables, added, changed and removed rows, the instant of the data', async () => {
    await shop.run()
    await shop.change(`
      insert into customer (email, password, name, created_at) values ('a@example.org', 'x', 'Added', now());
      update customer set name = 'Changed' where id in (select id from customer order by id limit 2);
      delete from purchase where id in (select id from purchase order by id limit 3)`)
    const { run } = await shop.run()
    const records = await shop.look(
      `select table_name, carried, added::integer, removed::integer, row_count > 0 as filled from vitrine.run_table where run_id = ${run} order by 1`,
    )
    expect(records).toEqual([
      { table_name: 'shop_customer', carried: false, added: 1, removed: 0, filled: true },
      { table_name: 'shop_purchase', carried: false, added: 0, removed: 3, filled: true },
    ])
    const [changed] = await shop.look<{ changed: number }>(
      `select changed::integer from vitrine.run_table where run_id = ${run} and table_name = 'shop_customer'`,
    )
    // Two renamed, and those whose number of purchases changed.
    expect(changed?.changed).toBeGreaterThanOrEqual(2)
    expect(changed?.changed).toBeLessThanOrEqual(5)
    const [record] = await shop.look(
      `select state, phase, trigger, data_of < published_at as ordered, error_code, length(fingerprint) as print, phases ? 'stage' as timed, switched ->> 'way' as way from vitrine.run where id = ${run}`,
    )
    expect(record).toEqual({
      state: 'succeeded',
      phase: 'record',
      trigger: 'command',
      ordered: true,
      error_code: null,
      print: 16,
      timed: true,
      way,
    })
  })

  test('freshness can be read in SQL by the reader, and the bookkeeping cannot', async () => {
    const reader = await shop.asReader()
    const { rows } = await reader.query(
      'select table_name, row_count > 0 as filled, data_of <= published_at as ordered from shop.vitrine_freshness order by 1',
    )
    expect(rows).toEqual([
      { table_name: 'shop_customer', filled: true, ordered: true },
      { table_name: 'shop_purchase', filled: true, ordered: true },
    ])
    await expect(reader.query('select * from vitrine.run')).rejects.toThrow(/permission denied for schema vitrine/)
    await shop.target.close(reader)
  })

  test('comments, grants, keys and views of the team survive every run', async () => {
    const admin = await shop.target.connect()
    await admin.query(`
      create role "analyst_${shop.target.name}"; grant usage on schema shop to "analyst_${shop.target.name}";
      create schema team authorization "${shop.writer.user}";
      comment on schema shop is 'for Metabase';
      alter default privileges for role "${shop.writer.user}" in schema shop grant select on tables to "${shop.reader.user}"`)
    const writer = await shop.target.connect({ role: shop.writer })
    await writer.query(`
      grant select (id, name) on shop.shop_customer to "analyst_${shop.target.name}";
      create view team.big with (security_barrier = true) as select id, name from shop.shop_customer where purchases > 1;
      create view team.bigger as select id from team.big where id > 10;
      create view shop.inside as select count(*) as n from shop.shop_purchase;
      create table shop.notes (note text); insert into shop.notes values ('kept');
      grant select on team.bigger to "${shop.reader.user}"; comment on view team.bigger is 'ours'`)
    const picture = () =>
      shop.look(`
        select c.relname, c.relkind, c.relacl::text, obj_description(c.oid, 'pg_class') as comment, c.reloptions::text,
               (select array_agg(conname || ' ' || pg_get_constraintdef(k.oid) order by conname) from pg_constraint k where k.conrelid = c.oid and contype <> 'n') as constraints,
               (select array_agg(attname || ' ' || coalesce(attacl::text, '') || ' ' || coalesce(col_description(c.oid, attnum), '') order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0) as columns,
               (select array_agg(indexrelid::regclass::text order by 1) from pg_index where indrelid = c.oid) as indexes
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('shop', 'team') and c.relkind in ('r', 'v') order by 1`)
    await shop.run()
    const before = await picture()
    const schema = () =>
      shop.look(
        "select nspname, nspacl::text, obj_description(oid, 'pg_namespace') as comment, (select array_agg(defaclacl::text) from pg_default_acl d where d.defaclnamespace = n.oid) as defaults from pg_namespace n where nspname = 'shop'",
      )
    const schemaBefore = await schema()
    await shop.change(
      "insert into customer (email, password, name, created_at) values ('view@example.org', 'x', 'Seen', now()); insert into purchase (customer_id, amount) select max(id), 1 from customer; insert into purchase (customer_id, amount) select max(id), 1 from customer",
    )
    await shop.run()
    await shop.run()
    expect(await picture()).toEqual(before)
    expect(await schema()).toEqual(schemaBefore)
    expect(before.map(({ relname }) => relname)).toEqual([
      'big',
      'bigger',
      'inside',
      'notes',
      'shop_customer',
      'shop_purchase',
      'vitrine_freshness',
      'vitrine_runs',
      'vitrine_unknowns',
    ])
    // The views show the present version, not the one they were made on.
    const [seen] = await shop.look(
      "select (select count(*)::integer from team.big b join shop.shop_customer c using (id) where c.name = 'Seen') as fresh, (select note from shop.notes) as note, (select n::integer from shop.inside) = (select count(*) from shop.shop_purchase) as same",
    )
    expect(seen).toEqual({ fresh: 1, note: 'kept', same: true })
    expect(await shop.leftovers()).toEqual([])
    await shop.target.close(writer)
    await admin.query(
      `drop schema team cascade; drop view shop.inside; drop table shop.notes; drop owned by "analyst_${shop.target.name}"; drop role "analyst_${shop.target.name}"`,
    )
    await shop.target.close(admin)
  })

  test('a part of the tables is published consistently: what would break a reference is included, and said', async () => {
    await shop.change(
      "insert into customer (email, password, name, created_at) values ('p@example.org', 'x', 'Part', now())",
    )
    const notices: string[] = []
    const alone = await shop.run({
      only: ['shop_customer'],
      observer: (event) => event.kind === 'notice' && notices.push(event.text),
    })
    expect(alone.tables.map(({ table, carried }) => [table, carried])).toEqual([
      ['shop_customer', false],
      ['shop_purchase', true],
    ])
    expect(notices).toEqual([])
    await shop.change(
      "with c as (insert into customer (email, password, name, created_at) values ('q@example.org', 'x', 'Both', now()) returning id) insert into purchase (customer_id, amount) select id, 5 from c",
    )
    const widened = await shop.run({
      only: ['shop_purchase'],
      observer: (event) => event.kind === 'notice' && notices.push(event.text),
    })
    expect(widened.tables.map(({ table, carried }) => [table, carried])).toEqual([
      ['shop_customer', false],
      ['shop_purchase', false],
    ])
    expect(notices).toEqual([
      'shop_customer is included: 1 reference between shop_purchase and shop_customer would break without it',
    ])
    expect((await shop.failure({ only: ['nonsense'] })).code).toBe('TABLE_UNKNOWN')
  })

  test('a rehearsal does everything but publish', async () => {
    const before = await shop.look('select xmin::text, * from vitrine.freshness order by table_name')
    await shop.change(
      "insert into customer (email, password, name, created_at) values ('d@example.org', 'x', 'Dry', now())",
    )
    const report = await shop.run({ dryRun: true })
    expect(report.dryRun).toBe(true)
    expect(report.tables.find(({ table }) => table === 'shop_customer')?.added).toBe(1)
    expect(await shop.look('select xmin::text, * from vitrine.freshness order by table_name')).toEqual(before)
    expect(await shop.look("select 1 from shop.shop_customer where name = 'Dry'")).toEqual([])
    expect(await shop.leftovers()).toEqual([])
  })

  test('one run at a time: the second is told which session holds the lock', async () => {
    let second: Promise<{ code: string; detail: string | undefined }> | undefined
    await shop.run({ observer: Installation.onPhase('stage', () => (second ??= shop.failure())) })
    const error = await second
    expect(error?.code).toBe('RUN_IN_PROGRESS')
    expect(error?.detail).toMatch(/^It is session \d+ \(vitrine shop lead\), \d+ s old\.$/)
  })
})
