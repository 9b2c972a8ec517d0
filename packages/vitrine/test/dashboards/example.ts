/** The dashboard of docs/dashboards.md, over the shop of these tests. */

import { collection, dashboard, question, questionsAbout, sql, withDashboards } from '../../src/index.ts'
import { shop } from './shop-questions.ts'

const { query, select, indicator, filter } = questionsAbout(shop)

const sold = indicator({
  title: 'Sold',
  definition: 'The amounts of all purchases, returns included.',
  unit: 'euros',
  from: 'purchase',
  measure: { sum: 'amount' },
})

const byLevel = question({
  key: 'sold-by-level',
  title: 'Sold by level of customer',
  description: 'Purchases of nobody known are a bar of their own.',
  query: query({
    from: 'purchase',
    measures: { sold },
    by: { level: { column: 'customer_id.level', unknown: 'unknown' } },
  }),
  display: { kind: 'bar', x: 'level', y: ['sold'] },
  columns: { sold: { label: 'Sold', format: { kind: 'currency', currency: 'EUR', decimals: 0 } } },
})

const months = question({
  key: 'sold-by-month',
  title: 'Sold by month',
  description: 'Complete months only.',
  query: query({
    from: 'purchase',
    measures: { sold, total: { cumulative: { sum: 'amount' } } },
    by: { month: { time: 'sold_at', unit: 'month' } },
    where: [['sold_at', 'complete', 'month']],
  }),
  display: { kind: 'combo', x: 'month', y: ['sold', 'total'], lines: ['total'] },
})

const typical = question({
  key: 'typical-purchase',
  title: 'A typical purchase',
  description: 'Half of the purchases are smaller.',
  query: select(({ db, filter: filtered }) =>
    db
      .selectFrom('purchase as p')
      .innerJoin('customer as c', 'c.id', 'p.customer_id')
      .where(({ ref }) => filtered('level', ref('c.level'), 'customer.level'))
      .select(sql<number>`percentile_disc(0.5) within group (order by p.amount)`.as('amount')),
  ),
  display: { kind: 'number', value: 'amount' },
})

const sales = dashboard({
  key: 'sales',
  title: 'Sales',
  description: 'What is sold, and to whom?',
  collection: collection({ key: 'shop', name: 'Shop', access: { everybody: 'read' } }),
  filters: [
    filter({
      key: 'level',
      label: 'Level',
      kind: 'list',
      options: ['low', 'middle', 'high'],
      on: { purchase: 'customer_id.level' },
    }),
  ],
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: typical, span: 6 }, { question: byLevel }],
    [{ question: months }],
    [{ text: 'A return counts in the month of its purchase.' }],
  ],
})

export const published = withDashboards(shop, [sales])
