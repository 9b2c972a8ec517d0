/** Source and target may be on different versions of PostgreSQL, either way round. */
import { describe, expect, test } from 'vitest'
import { shop as shopPublication } from '../publication/shop.ts'
import { Installation } from './installation.ts'

describe.each([
  [15, 18],
  [18, 15],
] as const)('from PostgreSQL %i to %i', (from, to) => {
  test('a version is published and replaced', async () => {
    const shop = await Installation.create(from, 50, shopPublication, to)
    await shop.run()
    await shop.change(
      "insert into customer (email, password, name, created_at) values ('m@example.org', 'x', 'Mixed', now())",
    )
    const report = await shop.run()
    expect(
      report.tables.map(({ table, rows, added, changed, removed }) => [table, rows, added, changed, removed]),
    ).toEqual([
      ['shop_customer', 51, 1, 0, 0],
      ['shop_purchase', 100, 0, 0, 0],
    ])
    await shop.drop()
  })
})
