/** What the team deletes by hand takes no whole copy away: rollback brings the kept version back, migrate and sync leave it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { ACROSS, Installation } from './installation.ts'

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 12, shopWithHistory)
  })
  afterAll(() => shop.drop())

  const back = () => shop.rollBack()
  const command = async (line: string) => {
    const environment = {
      DATABASE_URL: shop.source.url(shop.reading),
      METABASE_DATABASE_URL: shop.target.url(shop.writer),
      VITRINE_PSEUDONYM_KEY: KEY,
    }
    return run({ ...vitrine, publication: shop.publication }, line, { environment })
  }
  const publish = async (name: string) => {
    await shop.change(`update customer set name = '${name}'`)
    await shop.run()
  }
  /** By the reader, of the published tables and of the history. */
  async function seen() {
    const reader = await shop.asReader()
    const { rows } = await reader.query(`select min(name) as name, count(*)::integer as customers,
      (select count(*)::integer from shop.shop_stats) as days from shop.shop_customer`)
    await shop.target.close(reader)
    return rows[0]
  }
  const kept = { name: 'Kept', customers: 12, days: 1 }
  // Where the writer cannot make schemas, whoever drops one must give it back before anything else is possible.
  const drop =
    way === 'rename'
      ? 'drop schema shop cascade'
      : 'drop table shop.shop_customer, shop.shop_purchase, shop.shop_stats cascade'
  const dropped = async () => {
    await publish('Kept')
    await publish('Lost')
    await shop.look(drop)
  }

  test('rollback publishes the version that was kept, and there is none to go back to after it', async () => {
    await dropped()
    await back()
    expect(await seen()).toEqual(kept)
    expect(await command('status')).toMatchObject({ status: EXIT.ok, stderr: '' })
    await expect(back()).rejects.toMatchObject({ code: 'VERSION_NOT_KEPT' })
    expect(await shop.leftovers()).toEqual([])
  })

  test('migrate makes empty tables beside it, and says how it comes back', async () => {
    await dropped()
    const { status, stderr } = await command('migrate')
    expect([status, stderr]).toEqual([0, expect.stringContaining('`vitrine rollback` brings it back')])
    expect(await seen()).toMatchObject({ customers: 0, days: 1 })
    await back()
    expect(await seen()).toEqual(kept)
  })

  test('a run after it publishes, and the version that was kept stays so', async () => {
    await dropped()
    await shop.migrate()
    await publish('New')
    expect(await seen()).toEqual({ ...kept, name: 'New' })
    await back()
    expect(await seen()).toEqual(kept)
    await back()
    expect(await seen()).toEqual({ ...kept, name: 'New' })
    expect(await shop.leftovers()).toEqual([])
  })

  test('a version that is not whole takes no whole one’s place', async () => {
    await publish('Kept')
    await publish('Lost')
    await shop.look('drop table shop.shop_purchase')
    await publish('New')
    await back()
    expect(await seen()).toEqual(kept)
    expect(await shop.leftovers()).toEqual([])
  })

  test.runIf(way === 'rename')('an empty source is never published in silence, at first or later', async () => {
    const empty = await Installation.create(version, 0, shopWithHistory)
    expect((await empty.failure()).code).toBe('SOURCE_EMPTY')
    await empty.run({ allowShrink: true })
    expect((await empty.failure()).code).toBe('SOURCE_EMPTY')
    await empty.drop()
  })
})
