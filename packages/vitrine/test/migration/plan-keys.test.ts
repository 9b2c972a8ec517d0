import { describe, expect, test } from 'vitest'
import { blockingSteps } from '../../src/migration/plan.ts'
import { planText } from '../../src/migration/plan-text.ts'
import {
  atLeast,
  column,
  customer,
  liveSchema,
  liveTable,
  plan,
  primaryKey,
  purchase,
  reference,
  unique,
  withColumn,
  withoutConstraints,
} from './plan-fixtures.ts'

const both = [customer, purchase]
const live = liveSchema([liveTable(customer), liveTable(purchase)])
const withSql = { sql: true }

describe('constraints and indexes', () => {
  test('what goes, goes now; what the present rows might break comes with the next run', () => {
    const before = {
      ...withoutConstraints(purchase, 'purchase_pkey', 'purchase_customer_id_fkey'),
      constraints: [atLeast('purchase', 'amount', 5), unique('purchase', 'amount')],
      indexes: [],
    }
    expect(planText(plan(liveSchema([liveTable(customer), liveTable(before)]), both), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 3 to migrate.

      Now:
        - check (amount >= 5) of purchase is dropped
            alter table shop.purchase drop constraint purchase_amount_check
        - uniqueness of (amount) in purchase is dropped
            alter table shop.purchase drop constraint purchase_amount_key
        + index on (customer_id) of purchase is created
            create index purchase_customer_id_idx on shop.purchase (customer_id)

      With the next run:
        + primary key (id) of purchase comes with the next run
        + check (amount >= 0) of purchase comes with the next run
        + reference of purchase.customer_id to customer comes with the next run"
    `)
  })

  test('a reference goes before the key it points to, and comes back with it', () => {
    const moved = { ...customer, constraints: [primaryKey('customer', 'name')] }
    const pointing = { ...purchase, constraints: [reference('purchase', 'customer_id', 'customer', 'name')] }
    expect(planText(plan(live, [moved, pointing]))).toMatchInlineSnapshot(`
      "Schema shop: 5 to migrate.

      Now:
        - reference of purchase.customer_id to customer is dropped
        - primary key (id) of customer is dropped
        - uniqueness of (name) in customer is dropped
        - primary key (id) of purchase is dropped
        - check (amount >= 0) of purchase is dropped

      With the next run:
        + primary key (name) of customer comes with the next run
        + reference of purchase.customer_id to customer comes with the next run"
    `)
  })

  test('a key whose column changes type takes its references along', () => {
    const retyped = withColumn(customer, 'id', column('id', 'uuid'))
    const { steps } = plan(live, [retyped, purchase])
    expect(steps.map(({ text, effect }) => `${effect}: ${text}`)).toMatchInlineSnapshot(`
      [
        "now: reference of purchase.customer_id to customer is dropped",
        "now: primary key (id) of customer is dropped",
        "now: column customer.id changes from bigint to uuid: its values go, empty until the next run, which makes it not null",
        "next run: primary key (id) of customer comes with the next run",
        "next run: reference of purchase.customer_id to customer comes with the next run",
      ]
    `)
  })

  test('an index that we made is dropped; one that we did not make is left to the next run', () => {
    const wanted = { ...purchase, indexes: [] }
    const table = { ...purchase, indexes: [...purchase.indexes, { name: 'fast', columns: ['amount'] }] }
    const found = plan(
      liveSchema([liveTable(customer), liveTable(table, { extras: ['purchase_like'] })]),
      [customer, wanted],
      both,
    )
    expect(planText(found, withSql)).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        - index purchase_customer_id_idx of purchase is dropped
            drop index shop.purchase_customer_id_idx

      With the next run:
        - index fast of purchase, which this tool did not make, goes with the next run
        - index purchase_like of purchase, which this tool did not make, goes with the next run"
    `)
    expect(blockingSteps(found)).toHaveLength(1)
  })
})
