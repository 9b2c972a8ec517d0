/** Nights that cost what changed, end to end: what changed since the kept version is applied to it, and it is published. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { vitrine } from '../../src/cli/vitrine.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { run } from '../cli/captured-io.ts'
import { KEY, RETIRED } from '../publication/shop.ts'
import { Installation, WatchingReader } from '../run/installation.ts'
import { receive } from '../schedule/receiver.ts'
import { deltaShop } from './delta-shop.ts'

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 100, deltaShop({ deltaProofNights: 100 }))
  await shop.run()
  await shop.run()
})
afterAll(() => shop.drop())

const purchases = ({ tables }: SyncReport) => {
  const { way, reason, rows, added, changed, removed } = tables.find(({ table }) => table === 'shop_purchase') ?? {}
  return reason === null ? [way, rows, added, changed, removed] : [way, reason]
}

const COLUMNS = 'select id, customer_id, amount, label from'
/** Rows that only one of the two sides has. */
async function difference(): Promise<number> {
  const source = await shop.source.connect()
  const { rows } = await source.query(`${COLUMNS} purchase order by id`)
  await shop.source.close(source)
  const published = await shop.look(`${COLUMNS} shop.shop_purchase order by id`)
  return JSON.stringify(rows) === JSON.stringify(published) ? 0 : Math.max(1, Math.abs(rows.length - published.length))
}

async function night(changes: string, options: Parameters<Installation['run']>[0] = {}) {
  if (changes !== '') await shop.change(changes)
  const report = await shop.run(options)
  expect(await difference()).toBe(0)
  return purchases(report)
}

describe('a night reads what changed since the kept version', () => {
  test('and gives what reading everything gives, while readers see one version or the other', async () => {
    const reader = await WatchingReader.start(shop)
    expect(await night('')).toEqual(['delta', 200, 0, 0, 0])
    expect(await night('update purchase set amount = amount + 1 where id % 10 = 3')).toEqual(['delta', 200, 0, 20, 0])
    expect(await night('delete from purchase where id % 50 = 5')).toEqual(['delta', 196, 0, 0, 4])
    const all = `insert into purchase (customer_id, amount) select n, n from generate_series(1, 7) n;
      update purchase set id = -id where id = 9; update purchase set amount = 0 where id in (2, 4); delete from purchase where id = 7`
    expect(await night(all)).toEqual(['delta', 202, 8, 2, 2])
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(new Set(reader.sights.map(({ mixed }) => mixed))).toEqual(new Set([0]))
    expect(await shop.leftovers()).toEqual([])
  })

  const quotes = async (column: string): Promise<readonly string[]> => {
    const reader = await shop.asReader()
    const { rows } = await reader.query<{ quoted: string[] }>(
      `select coalesce(most_common_vals::text::text[], '{}') || coalesce(histogram_bounds::text::text[], '{}') as quoted
       from pg_stats where tablename = 'shop_purchase' and attname = $1`,
      [column],
    )
    await shop.target.close(reader)
    return rows[0]?.quoted ?? []
  }
  const LABELS = 'update purchase set label ='

  test('statistics, which readers see, quote nothing that no row has any more', async () => {
    await night(`${LABELS} case id when 31 then 'A' when 33 then 'Z' end where id in (31, 33)`)
    await night('')
    await shop.look(`analyze shop.shop_purchase; analyze ${RETIRED}.shop_purchase`)
    const ends = async () => (await quotes('label')).filter((value) => /^[AZ]$/.test(value))
    expect(await ends()).toEqual(['A', 'Z'])
    expect(await night(`${LABELS} null where id = 31`)).toEqual(['delta', 202, 0, 1, 0])
    expect(await ends()).toEqual(['Z'])
    expect(await night('delete from purchase where id = 33')).toEqual(['delta', 201, 0, 0, 1])
    expect(await ends()).toEqual([])
    await night('insert into purchase (id, customer_id, amount) values (33, 1, 1)')
  })

  test('nor a value of many rows that goes little by little', async () => {
    await night(`${LABELS} 'frequent' where id between 50 and 169`)
    await night('')
    await shop.look(`analyze shop.shop_purchase; analyze ${RETIRED}.shop_purchase`)
    for (let first = 50; first < 170; first += 20) {
      expect(await quotes('label')).toContain('frequent')
      await night(`${LABELS} 'Purchase ' || id where id between ${first} and ${first + 19}`)
    }
    expect(await quotes('label')).not.toContain('frequent')
    await night('')
    expect(await quotes('label')).not.toContain('frequent')
  })

  test('a transaction in flight at the snapshot is among the changes of the night after', async () => {
    const open = await shop.source.connect({ role: shop.app })
    await open.query('begin; savepoint one; update purchase set amount = -1 where id = 20; savepoint two')
    await open.query('update purchase set amount = -1 where id = 21; delete from purchase where id = 22')
    expect(await night('')).toEqual(['delta', 202, 0, 0, 0])
    await open.query('commit')
    await shop.source.close(open)
    expect(await night('')).toEqual(['delta', 201, 0, 2, 1])
  })

  test('every table is read whole on request, and proves the changes', async () => {
    expect(await night('update purchase set amount = -2 where id = 20', { full: true })).toEqual([
      'full',
      'every table was to be read (--full)',
    ])
  })

  test('after a rollback the two versions have changed places', async () => {
    await shop.rollBack()
    expect(await night('update purchase set amount = -3 where id = 20')).toEqual(['delta', 201, 0, 1, 0])
  })

  test('what somebody changed by hand in the kept version is found, and the table is read whole', async () => {
    await shop.look(`update ${RETIRED}.shop_purchase set amount = 7 where id = 30`)
    expect(await night('')).toEqual(['full', 'rows of the kept version were written by somebody else'])
  })

  test('a proof that finds a difference is an alarm with its code, and what is published is right', async () => {
    // As if a row had been changed without a trace in the source.
    await night('')
    const [row] = await shop.look<{ xid: string }>(
      `update ${RETIRED}.shop_purchase set amount = 8 where id = 30 returning pg_current_xact_id()::text as xid`,
    )
    await shop.look(`update vitrine.version set origin = jsonb_set(origin, '{tables,shop_purchase,writers}',
      origin #> '{tables,shop_purchase,writers}' || to_jsonb('${row?.xid}'::text)) where kept`)
    // The next night is due, and proves.
    await shop.look("update vitrine.run set started_at = started_at - interval '2 days'")
    const webhook = await receive()
    const limits = { ...shop.publication.limits, deltaProofNights: 2 }
    const { status, stderr } = await run(
      { ...vitrine, publication: { ...shop.publication, limits } },
      'sync --if-due',
      {
        environment: {
          DATABASE_URL: shop.source.url(shop.reading),
          METABASE_DATABASE_URL: shop.target.url(shop.writer),
          VITRINE_PSEUDONYM_KEY: KEY,
          VITRINE_ALARM_WEBHOOK: webhook.url,
        },
      },
    )
    await webhook.close()
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining('shop_purchase: what was told to have changed is not all'),
    ])
    expect(webhook.received.map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'warnings', code: 'DELTA_DIFFERS', warnings: [{ table: 'shop_purchase', column: '*' }] },
    ])
    expect(await difference()).toBe(0)
    // The version that left was made in the same way.
    expect(await night('')).toEqual(['full', 'it is not recorded of which state of the source the kept version is'])
  })

  test('while a transaction on the target does not end, every table is read whole: it could see the kept version as it was', async () => {
    const old = await shop.asReader()
    await old.query('begin isolation level repeatable read')
    await old.query('select count(*) from shop.shop_purchase')
    const report = await shop.run()
    expect(purchases(report)).toEqual([
      'full',
      'a transaction of somebody else on the target has been open for more than a second',
    ])
    await old.query('commit')
    await shop.target.close(old)
  })
})
