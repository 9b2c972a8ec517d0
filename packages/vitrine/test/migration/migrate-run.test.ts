/** A migration and the run after it: what the one leaves, the other settles. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { because, bigint, from, integer, type Publication, text, timestamptz, varchar } from '../../src/index.ts'
import { planFor } from '../../src/migration/migrate.ts'
import { connect } from '../../src/postgres/connect.ts'
import { source } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'

/** The shop's tables with another type, a new key, a new reference and columns that are not null. */
const customer = from(source.selectFrom('customer as c')).publish(
  'shop_customer',
  'A customer of the shop.',
  ({ ref }) => ({
    id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
    created_at: text(ref('c.name'), 'Was a date'),
    name: varchar(50, ref('c.name'), 'Trade name').unique(),
    since: timestamptz(ref('c.created_at'), 'Since'),
  }),
)
const purchase = from(source.selectFrom('purchase as p')).publish('shop_purchase', 'A purchase.', ({ ref }) => ({
  id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
  customer_id: bigint(because(ref('p.customer_id'), 'stable key'), 'Customer').references(() => customer),
  payer_id: bigint(because(ref('p.customer_id'), 'stable key'), 'Payer').references(() => customer),
  amount: integer(ref('p.amount'), 'Amount').atLeast(-5),
  label: varchar(40, ref('p.label'), 'Label').nullable(),
}))

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let installation: Installation
  beforeAll(async () => {
    installation = await Installation.create(version, 20)
  })
  afterAll(() => installation.drop())

  async function steps(publication: Publication): Promise<readonly string[]> {
    const options = {
      side: 'target',
      name: 'test plan',
      limits: DEFAULT_LIMITS,
      readOnly: true,
      searchPath: [],
    } as const
    const session = await connect(installation.target.address(installation.writer), options)
    try {
      return (await planFor(session, publication)).steps.map(({ effect, text: says }) => `${effect}: ${says}`)
    } finally {
      await session.end()
    }
  }

  test('after a run nothing is left to do, neither at first nor after a change of everything', async () => {
    await installation.run()
    expect(await steps(installation.publication)).toEqual([])

    const changed: Publication = { ...installation.publication, tables: [customer, purchase] }
    await installation.migrate(changed)
    expect([...(await steps(changed))].sort()).toMatchInlineSnapshot(`
      [
        "next run: check (amount >= -5) of shop_purchase comes with the next run",
        "next run: column shop_customer.since becomes not null with the next run",
        "next run: column shop_purchase.payer_id becomes not null with the next run",
        "next run: reference of shop_purchase.payer_id to shop_customer comes with the next run",
        "next run: uniqueness of (name) in shop_customer comes with the next run",
      ]
    `)
    await installation.run({ publication: changed })
    expect(await steps(changed)).toEqual([])
  })
})
