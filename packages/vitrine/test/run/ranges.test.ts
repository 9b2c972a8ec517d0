/** Large tables are read by ranges, at one instant; a stream that alone is lost is opened again at the same instant. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/postgres/connect.ts'
import { planRanges } from '../../src/run/ranges.ts'
import { asSuperuser } from './faults/strike.ts'
import { type Fault, inProcess, trial, World } from './faults/world.ts'

/** Customers are few and long: their rows take four blocks, and what is stored out of line four megabytes. */
const GROW = `
  update customer set job = (select string_agg(md5(customer.id::text || n), '') from generate_series(1, 1200) n);
  analyze`

/** The second range of a table, or one after it, is about to be read. */
const LATER_RANGE = /ctid >= cast\('\([1-9].* to stdout/s

describe('a run of large tables', () => {
  let world: World
  beforeAll(async () => {
    world = await World.create(18, { rangeMegabytes: 1 })
    await world.shop.change(GROW)
  })
  afterAll(() => world.drop())

  const plans = async (limits = world.shop.publication.limits) => {
    const { shop } = world
    const session = await connect(shop.source.address(shop.reading), { side: 'source', name: 'test', limits })
    const found = await planRanges(session, { ...shop.publication, limits }, shop.publication.tables)
    await session.end()
    return new Map(
      [...found].map(([name, { alias, firstBlocks }]) => [name, { alias, ranges: firstBlocks.length + 1 }]),
    )
  }

  /** Does so when a later range is read, the first time or as often as the tries. */
  const atLaterRange = (act: () => Promise<void>, times = 1): Fault => {
    let left = times
    const set = () => {
      world.networks.source.trap(LATER_RANGE, 'statement', async () => {
        left -= 1
        await act()
        if (left > 0) set()
      })
    }
    const heal = (struck: World) => {
      left = 0
      struck.networks.source.heal()
    }
    return { arm: set, heal }
  }

  /** At once on both sides, which are on one server. */
  const kill = (name: string) =>
    asSuperuser(
      world,
      'source',
      `select pg_terminate_backend(pid) from pg_stat_activity where datname in ('${world.shop.source.name}', '${world.shop.target.name}') and application_name ~ '${name}'`,
    )

  test('what is stored out of line counts, and what the role may not ask for is not asked', async () => {
    expect(await plans()).toEqual(new Map([['shop_customer', { alias: 'c', ranges: 3 }]]))
    expect(await plans({ ...world.shop.publication.limits, rangeMegabytes: 0 })).toEqual(new Map())
    await asSuperuser(world, 'source', `revoke select (ctid) on customer from "${world.shop.reading.user}"`)
    expect(await plans()).toEqual(new Map())
    await world.shop.provisionSource()
    expect([...(await plans()).keys()]).toEqual(['shop_customer'])
  })

  test('what comes after the ranges were planned is read once, and what comes after the snapshot is not', async () => {
    const { shop, networks } = world
    let seen = ''
    networks.source.trap(/pg_export_snapshot/, 'statement', async () => {
      await shop.change(
        "insert into customer (email, password, name, created_at) select n, n, 'late', now() from generate_series(1, 1000) n",
      )
      seen = await world.next()
      networks.source.trap(LATER_RANGE, 'statement', () =>
        shop.change(
          'update purchase set amount = amount + 1; insert into purchase (customer_id, amount) values (1, 0)',
        ),
      )
    })
    expect(await inProcess(world, () => undefined)).toBe('published')
    networks.source.heal()
    expect(await world.sight()).toBe(seen)
    expect(await world.next()).not.toBe(seen)
  })

  test('a table whose ranges are being read is not rewritten meanwhile, and has the time of its ranges', async () => {
    let refused = ''
    let isBounded = false
    // The load is one statement of three ranges or four, each of which may last half an hour.
    world.networks.target.trap(/set local statement_timeout = (?:5400000|7200000)/, 'statement', () => {
      isBounded = true
    })
    world.networks.source.trap(LATER_RANGE, 'statement', async () => {
      const admin = await world.shop.source.connect()
      await admin.query("set lock_timeout = '100ms'")
      refused = await admin.query('vacuum full customer').then(
        () => 'rewritten',
        (error: Error) => error.message,
      )
      await world.shop.source.close(admin)
    })
    expect(await inProcess(world, () => undefined)).toBe('published')
    expect(refused).toContain('lock timeout')
    expect(isBounded).toBe(true)
  })

  test.each([
    ['one stream is lost at the target', ' write 1$'],
    ['all streams are lost, on both sides', ' (read|write) '],
  ])('of which %s in the middle of a table publishes all the same', async (_, name) => {
    await trial(
      world,
      'stage',
      atLaterRange(() => kill(name)),
      'published',
    )
  })

  test('what may not be published is counted over all ranges, and stays there', async () => {
    await world.shop.change("update customer set name = 'jo@exemple.fr' where id in (1, 50, 100)")
    const { code, problems } = await world.shop.failure({ publication: world.shop.publication })
    expect([code, problems.map(({ detail }) => detail)]).toEqual([
      'PRIVACY_VIOLATION',
      ['3 rows hold an e-mail address'],
    ])
    await world.shop.change("update customer set name = 'Customer' where id in (1, 50, 100)")
  })

  test('says what it reads again and what it keeps, and gives up when it is lost again and again', async () => {
    const notices: string[] = []
    const observer = (event: { kind: string; text?: string }) => {
      if (event.kind === 'notice') notices.push(event.text ?? '')
    }
    atLaterRange(() => kill(' read ')).arm(world, 'stage')
    await world.shop.run({ ...world.ends(), observer })
    expect(notices.length).toBeGreaterThan(0)
    for (const text of notices)
      expect(text).toMatch(
        /^shop_\w+ is read again, at the same instant, because its connection was lost \(CONNECTION_LOST, shop_\w+ \(source\)\); (no table was complete before|complete before, and kept: shop_\w+)$/,
      )
    await trial(
      world,
      'stage',
      atLaterRange(() => kill(' read '), 10),
      'CONNECTION_LOST',
    )
  })
})
