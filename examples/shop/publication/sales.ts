/** *Sales*: what is sold, where orders are lost, and what comes back. */
import { dashboard, question, sql } from 'vitrine'
import { about, euros, monthly, returned, SHOP, SOLD, share, sold, whole } from './questions.ts'

const { query, funnel, select, filter } = about

const lastMonth = question({
  key: 'sold-last-month',
  title: 'Sold, last complete month',
  description: 'And what changed since the month before.',
  query: query({
    from: 'shop_order',
    measures: { sold },
    by: { month: { time: 'placed_on', unit: 'month' } },
    where: [...SOLD, ['placed_on', 'complete', 'month']],
    order: [['month', 'desc']],
    limit: 13,
  }),
  display: { kind: 'trend', time: 'month', value: 'sold' },
  columns: { month: { label: 'Month', format: monthly }, sold: { label: 'Sold', format: euros } },
})

const typical = question({
  key: 'typical-order',
  title: 'A typical order',
  description: 'Half of the orders are smaller: an average would be that of the few large ones.',
  query: query({ from: 'shop_order', measures: { amount: { median: 'amount', decimals: 0 } }, where: SOLD }),
  display: { kind: 'number', value: 'amount' },
  columns: { amount: { label: 'Amount', format: euros } },
})

const kept = question({
  key: 'came-back',
  title: 'Came back',
  description: 'Lines of orders. Below 8 % the shop earns what it planned.',
  query: query({ from: 'shop_line', measures: { returned } }),
  display: {
    kind: 'gauge',
    value: 'returned',
    segments: [
      { from: 0, to: 8, label: 'as planned' },
      { from: 8, to: 12, label: 'too many' },
      { from: 12, to: 20, label: 'a loss' },
    ],
  },
  columns: { returned: { label: 'Came back', format: share } },
})

const months = question({
  key: 'sold-by-month',
  title: 'Sold by month, and orders',
  description: 'Complete months only.',
  query: query({
    from: 'shop_order',
    measures: { sold, orders: { count: 'rows' } },
    by: { month: { time: 'placed_on', unit: 'month' } },
    where: [...SOLD, ['placed_on', 'complete', 'month']],
  }),
  display: { kind: 'combo', x: 'month', y: ['sold', 'orders'], lines: ['orders'] },
  columns: {
    month: { label: 'Month', format: monthly },
    sold: { label: 'Sold', format: euros },
    orders: { label: 'Orders', format: whole },
  },
})

const way = question({
  key: 'from-cart-to-keeping',
  title: 'From the cart to keeping it',
  description: 'Carts that are 14 days old at least: younger ones are still on their way.',
  query: funnel({
    from: 'shop_order',
    step: 'step',
    value: 'carts',
    steps: [
      ['Begun', [['began_on', 'before', { ago: 14, unit: 'day' }]]],
      ['Ordered', [['steps', '>=', 1]]],
      ['Paid', [['steps', '>=', 2]]],
      ['Delivered', [['steps', '>=', 4]]],
      ['Kept', [['is_kept', '=', true]]],
    ],
  }),
  display: { kind: 'funnel', step: 'step', value: 'carts' },
  columns: { step: { label: 'Step' }, carts: { label: 'Carts', format: whole } },
})

const reasons = question({
  key: 'reasons',
  title: 'Why things come back',
  description: 'The reason that was chosen; what was written beside it is not published.',
  query: query({
    from: 'shop_line',
    measures: { lines: { count: 'rows' } },
    by: { category: 'product_id.category', reason: { column: 'reason', unknown: 'no reason given' } },
    where: [['is_returned', '=', true]],
    order: [['lines', 'desc']],
  }),
  display: { kind: 'row', x: 'category', y: ['lines'], series: 'reason', stack: 'stacked' },
  columns: { category: { label: 'Category' }, reason: { label: 'Reason' }, lines: { label: 'Lines', format: whole } },
})

const products = question({
  key: 'products',
  title: 'Products',
  description: 'The ten that sold best. A share of what was delivered comes back.',
  query: select(({ db, filter: filtered }) =>
    db
      .selectFrom('shop_line as l')
      .innerJoin('shop_product as p', 'p.id', 'l.product_id')
      .innerJoin('shop_order as o', 'o.id', 'l.order_id')
      .where(({ ref }) => filtered('channel', ref('o.channel'), 'shop_order.channel'))
      .where(({ ref }) => filtered('placed', ref('l.placed_on'), 'shop_line.placed_on'))
      .groupBy('p.name')
      .select(({ ref, fn }) => [
        'p.name',
        sql<number>`sum(${ref('l.amount')})`.as('sold'),
        fn.countAll<number>().filterWhere('l.is_delivered', '=', true).as('delivered'),
        sql<number>`round(100.0 * count(*) filter (where ${ref('l.is_returned')}) / nullif(count(*) filter (where ${ref('l.is_delivered')}), 0), 1)`.as(
          'back',
        ),
      ])
      .orderBy('sold', 'desc')
      .orderBy('p.name')
      .limit(10),
  ),
  display: { kind: 'table', columns: ['name', 'sold', 'delivered', 'back'] },
  columns: {
    name: { label: 'Product' },
    sold: { label: 'Sold', format: euros },
    delivered: { label: 'Lines delivered', format: whole },
    back: { label: 'Came back', format: { ...share, of: 'delivered' } },
  },
})

export const sales = dashboard({
  key: 'sales',
  title: 'Sales',
  description: 'What is sold, where are orders lost, what comes back?',
  collection: SHOP,
  filters: [
    filter({
      key: 'channel',
      label: 'Channel',
      kind: 'list',
      options: ['web', 'app', 'phone'],
      on: { shop_order: 'channel', shop_line: 'order_id.channel' },
    }),
    filter({
      key: 'placed',
      label: 'Ordered between',
      kind: 'date',
      on: { shop_order: 'placed_on', shop_line: 'placed_on' },
    }),
  ],
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: lastMonth }, { question: typical }, { question: kept }],
    [{ question: months }],
    [{ question: way, without: ['placed'] }, { question: reasons }],
    [{ question: products }],
    [{ text: 'A return counts in the month of its order. Orders of the staff are no sales, and stand nowhere.' }],
  ],
})
