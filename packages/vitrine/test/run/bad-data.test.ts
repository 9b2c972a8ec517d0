/** Bad data and failing servers: the run stops with table, column and number of rows, and the previous version stays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../../test/database.ts'
import type { VitrineError } from '../../src/base/errors.ts'
import { because, bigint, compute, from, integer, text, varchar } from '../../src/index.ts'
import { customer, shop as shopPublication, source } from '../publication/shop.ts'
import { Installation, WatchingReader } from './installation.ts'

const picture = ({ code, place, problems, detail }: VitrineError) => ({
  code,
  place,
  problems: problems.map((p) => `${p.place}: ${p.detail}`),
  detail,
})

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.create(version, 100)
    await shop.run()
  })
  afterAll(() => shop.drop())

  /** Breaks the source, expects the error, mends the source, and proves that nothing changed and the next run succeeds. */
  async function refused(breakIt: string, mendIt: string, options = {}): Promise<ReturnType<typeof picture>> {
    const before = await shop.look('select * from shop.shop_customer order by id')
    const reader = await WatchingReader.start(shop)
    await shop.change(breakIt)
    const error = await shop.failure(options)
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(reader.sights.filter(({ customers, mixed }) => customers === 0 || mixed > 0)).toEqual([])
    expect(await shop.look('select * from shop.shop_customer order by id')).toEqual(before)
    expect(await shop.leftovers()).toEqual([])
    const [record] = await shop.look('select state, error_code from vitrine.run order by id desc limit 1')
    expect(record).toEqual({ state: 'failed', error_code: error.code })
    await shop.change(mendIt)
    await shop.run()
    expect(`${error.message} ${JSON.stringify(error)} ${error.stack}`).not.toMatch(/canary|example\.org|Customer \d/)
    return picture(error)
  }

  test('a value too long for its column', async () => {
    const error = await refused(
      "update customer set name = repeat('Customer 1 ', 3) where id in (3, 4)",
      "update customer set name = 'Customer' where id in (3, 4)",
    )
    expect(error).toEqual({
      code: 'VALUE_TOO_LONG',
      place: 'shop_customer',
      problems: ['shop_customer.name: 2 rows: more than 20 characters'],
      detail: undefined,
    })
  })

  test('a NULL in a not-null column', async () => {
    const error = await refused(
      'alter table purchase alter amount drop not null; update purchase set amount = null where id < 6',
      'update purchase set amount = 1 where amount is null; alter table purchase alter amount set not null',
    )
    // The register says not null: the drift is found before a row is read.
    expect(error.code).toBe('SOURCE_DRIFT')
  })

  test('a duplicate key', async () => {
    const error = await refused(
      'alter table purchase drop constraint purchase_pkey; insert into purchase select * from purchase where id in (1, 2)',
      'delete from purchase where ctid in (select max(ctid) from purchase where id in (1, 2) group by id); alter table purchase add primary key (id)',
    )
    expect(error).toMatchObject({
      code: 'KEY_DUPLICATE',
      place: 'shop_purchase.id',
      detail: '4 rows share a key with another row.',
    })
  })

  test('a broken reference', async () => {
    const error = await refused(
      'alter table purchase drop constraint purchase_customer_id_fkey; update purchase set customer_id = -1 where id < 4',
      'update purchase set customer_id = 1 where customer_id = -1; alter table purchase add foreign key (customer_id) references customer (id)',
    )
    expect(error).toMatchObject({
      code: 'REFERENCE_BROKEN',
      place: 'shop_purchase.customer_id',
      detail: '3 rows refer to no row of shop_customer.',
    })
  })

  test('a table that shrank, unless it is allowed', async () => {
    const error = await refused(
      'create table kept as select * from purchase; delete from purchase where id > 100',
      'insert into purchase select * from kept where id > 100; drop table kept',
    )
    expect(error).toMatchObject({
      code: 'TABLE_SHRANK',
      problems: ['shop_purchase: 200 rows before, 100 now; 20 % may go'],
    })
    await shop.change('create table kept as select * from purchase; delete from purchase where id > 100')
    await shop.run({ allowShrink: true })
    await shop.change('insert into purchase select * from kept where id > 100; drop table kept')
    await shop.run()
  })

  test('an e-mail address in a text that may be published', async () => {
    const error = await refused(
      "update customer set name = 'jo@exemple.test' where id in (7, 9)",
      "update customer set name = 'x' where id in (7, 9)",
    )
    expect(error).toMatchObject({
      code: 'PRIVACY_VIOLATION',
      problems: ['shop_customer.name: 2 rows hold an e-mail address'],
    })
  })

  test('a dropped, renamed or retyped column, an unregistered one', async () => {
    expect(
      (await refused('alter table purchase rename label to tag', 'alter table purchase rename tag to label')).code,
    ).toBe('SOURCE_DRIFT')
    expect(
      (await refused('alter table purchase alter label type text', 'alter table purchase alter label type varchar(40)'))
        .code,
    ).toBe('SOURCE_DRIFT')
    const error = await refused('alter table customer add phone varchar(20)', 'alter table customer drop phone')
    expect(error.code).toBe('SOURCE_DRIFT')
    expect(error.problems.join()).toMatch(/customer\.phone/)
  })

  test('a lost privilege on the source', async () => {
    const { user } = shop.reading
    const error = await refused(
      `revoke select (label) on purchase from "${user}"`,
      `grant select (label) on purchase to "${user}"`,
    )
    expect(error.code).toBe('SOURCE_DRIFT')
  })

  test('rules that throw, leave their list, or give what does not fit are counted and refused', async () => {
    const broken = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', (eb) => ({
      id: bigint(because(eb.ref('c.id'), 'stable key'), 'Key').primaryKey(),
      thrown: text(
        compute({ name: eb.ref('c.name') }, ({ name }) => {
          if (name === 'Customer 5') throw new Error(`cannot understand ${name}`)
          return name
        }),
        'Throws',
      ),
      long: varchar(
        10,
        compute({ name: eb.ref('c.name') }, ({ name }) => (name.endsWith('1') ? name.repeat(3) : 'x')),
        'Too long',
      ),
      fraction: integer(
        compute({ code: eb.ref('c.country') }, ({ code }) => (code === 3 ? 0.5 : 1)),
        'A fraction',
      ),
    }))
    const publication = shopPublication({ writer: shop.writer.user, reader: shop.reader.user }, [broken])
    const other = await Installation.create(version, 100, (roles) => shopPublication(roles, [broken]))
    const error = await other.failure()
    expect(publication.tables).toHaveLength(1)
    expect(picture(error)).toEqual({
      code: 'VALUE_TOO_LONG',
      place: 'shop_customer',
      problems: [
        'shop_customer.long: VALUE_TOO_LONG: 10 rows',
        'shop_customer.fraction: VALUE_OUT_OF_RANGE: 20 rows',
        expect.stringMatching(/^shop_customer\.thrown: RULE_FAILED: 1 row; \/.*\/bad-data\.test\.ts:\d+$/),
      ],
      detail: undefined,
    })
    await other.drop()
  })

  test('a source whose backends are ended in mid-run, then a target', async () => {
    const kill = (database: typeof shop.source, pattern: string) => async () => {
      await database.ask(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}' and application_name ~ '${pattern}'`,
        { database: 'postgres' },
      )
    }
    for (const [phase, database, pattern] of [
      ['stage', shop.source, 'read|snapshot'],
      ['stage', shop.target, 'write'],
      ['verify', shop.target, 'write|lead'],
      ['publish', shop.target, 'lead'],
    ] as const) {
      const reader = await WatchingReader.start(shop)
      let cut: Promise<void> | undefined
      const result = await shop
        .run({ observer: Installation.onPhase(phase, () => (cut ??= kill(database, `vitrine shop (${pattern})`)())) })
        .then(
          () => 'published',
          (error: VitrineError) => error.code,
        )
      await cut
      await reader.stop()
      expect(reader.errors).toEqual([])
      expect(reader.sights.filter(({ customers, mixed }) => customers === 0 || mixed > 0)).toEqual([])
      expect(['published', 'CONNECTION_LOST']).toContain(result)
      await shop.run()
      expect(await shop.leftovers()).toEqual([])
    }
  })

  test('an interrupted run leaves the previous version and no session', async () => {
    const stop = new AbortController()
    const error = await shop.failure({
      signal: stop.signal,
      observer: Installation.onPhase('stage', () => stop.abort()),
    })
    expect(error.code).toBe('INTERRUPTED')
    expect(await shop.leftovers()).toEqual([])
    await shop.run()
  })

  test('a published table that an unmigrated definition changes is refused', async () => {
    const wider = from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => ({
      id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
      town: varchar(20, ref('c.name'), 'Another name').nullable(),
    }))
    const publication = shopPublication({ writer: shop.writer.user, reader: shop.reader.user }, [
      wider,
      ...shop.publication.tables.slice(1),
    ])
    const error = await shop.failure({ publication })
    expect(error.code).toBe('TARGET_NOT_MIGRATED')
    expect(customer.columns.length).toBeGreaterThan(2)
  })
})
