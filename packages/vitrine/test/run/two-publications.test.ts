/** Two publications in one target, each in a schema of its own, with one writer: neither sees or touches the other. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyProvision, planProvision } from '../../src/access/provision.ts'
import type { Publication } from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { customer, shop } from '../publication/shop.ts'
import { Installation } from './installation.ts'

let both: Installation
let stall: Publication

beforeAll(async () => {
  both = await Installation.create(18, 40)
  stall = {
    ...shop({ writer: both.writer.user, reader: both.reader.user }, [customer]),
    name: 'stall',
    schema: 'stall',
  }
  const admin = await both.session(stall, both.target.address())
  await applyProvision(admin, await planProvision(admin, stall, { readerPassword: null, writerPassword: null }))
  await admin.end()
  await both.migrate(stall)
  // The role of the source reads for both: what the second needs, the first needs too.
  await both.provisionSource()
})
afterAll(() => both.drop())

/** Customers, as the reader of both finds them. */
async function seen(): Promise<unknown> {
  const reader = await both.asReader()
  const { rows } = await reader.query(
    `select (select count(*)::integer from shop.shop_customer) as shop, (select count(*)::integer from stall.shop_customer) as stall,
            (select count(*)::integer from shop.vitrine_runs) as "shopRuns", (select count(*)::integer from stall.vitrine_runs) as "stallRuns"`,
  )
  await both.target.close(reader)
  return rows[0]
}

test('each is published, also at once, and has its own record and its own way back', async () => {
  await Promise.all([both.run(), both.run({ publication: stall })])
  expect(await seen()).toEqual({ shop: 40, stall: 40, shopRuns: 1, stallRuns: 1 })
  await both.change(
    "insert into customer (id, email, password, name, created_at) values (1000, 'x', 'x', 'New', now())",
  )
  await both.run({ publication: stall })
  expect(await seen()).toEqual({ shop: 40, stall: 41, shopRuns: 1, stallRuns: 2 })
  await both.run()
  await rollback({ publication: stall, target: both.target.address(both.writer) })
  expect(await seen()).toMatchObject({ shop: 41, stall: 40 })
})
