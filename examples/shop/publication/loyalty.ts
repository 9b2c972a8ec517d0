/** *Customers*: who they are in groups, and whether they come back. */
import { dashboard, question } from 'vitrine'
import { about, SHOP, share, whole } from './questions.ts'

const { query, indicator, filter } = about

const cameBack = indicator({
  title: 'Came back within 90 days',
  definition:
    'Of the customers whose first order is 90 days old at least, those who ordered again within 90 days of it.',
  unit: 'percent',
  goal: { value: 60, by: 'this season' },
  from: 'shop_customer',
  measure: {
    percent: [['came_back', '=', true]],
    of: [['first_ordered_on', 'before', { ago: 90, unit: 'day' }]],
  },
})

const columns = { back: { label: 'Came back', format: share } } as const

const rate = question({
  key: 'loyalty',
  title: 'Come back within 90 days',
  description: 'Customers whose first order is 90 days old at least.',
  query: query({ from: 'shop_customer', measures: { back: cameBack }, smallest: 5 }),
  display: { kind: 'progress', value: 'back', goal: 60 },
  columns,
})

const cohorts = question({
  key: 'cohorts',
  title: 'Come back within 90 days, by month of the first order',
  description: 'Each bar is a cohort. The last three months cannot be judged yet, and are not shown.',
  query: query({
    from: 'shop_customer',
    measures: { back: cameBack },
    by: { month: { time: 'first_ordered_on', unit: 'month' } },
    where: [['first_ordered_on', 'before', { ago: 120, unit: 'day' }]],
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'month', y: ['back'], goal: { value: 60, label: 'goal' } },
  columns: { ...columns, month: { label: 'First order', format: { kind: 'date', style: 'month' } } },
})

const places = question({
  key: 'departments',
  title: 'Where customers are',
  description:
    'French departments. What too few customers share is not told by place: the bar “elsewhere, or not told”.',
  query: query({
    from: 'shop_customer',
    measures: { customers: { count: 'rows' } },
    by: { department: { column: 'department', unknown: 'elsewhere, or not told' } },
    order: [['customers', 'desc']],
    smallest: 5,
  }),
  display: { kind: 'row', x: 'department', y: ['customers'] },
  columns: { department: { label: 'Department' }, customers: { label: 'Customers', format: whole } },
})

const often = question({
  key: 'orders-per-customer',
  title: 'How often they order',
  description: 'Orders of each customer since the account was opened.',
  query: query({
    from: 'shop_customer',
    measures: { customers: { count: 'rows' } },
    by: {
      orders: {
        band: 'orders',
        at: [
          [0, 'never'],
          [1, 'once'],
          [2, 'twice'],
          [3, '3 or 4 times'],
          [5, '5 times and more'],
        ],
      },
    },
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'orders', y: ['customers'] },
  columns: { orders: { label: 'Orders' }, customers: { label: 'Customers', format: whole } },
})

const letters = question({
  key: 'newsletter',
  title: 'Newsletter',
  description: 'Who wants it.',
  query: query({
    from: 'shop_customer',
    measures: { customers: { count: 'rows' } },
    by: { newsletter: 'newsletter' },
    smallest: 5,
  }),
  display: { kind: 'pie', label: 'newsletter', value: 'customers' },
  columns: { newsletter: { label: 'Newsletter' }, customers: { label: 'Customers', format: whole } },
})

export const loyalty = dashboard({
  key: 'customers',
  title: 'Customers',
  description: 'Who are they, and do they come back?',
  collection: SHOP,
  filters: [
    filter({ key: 'country', label: 'Country', kind: 'list', options: ['FR', 'BE'], on: { shop_customer: 'country' } }),
  ],
  rows: [
    [{ freshness: 'Data of' }],
    [{ question: rate, span: 8 }, { question: cohorts }],
    [{ question: places }, { question: often }, { question: letters }],
    [
      {
        text: 'Guests have no account and are counted in the sales alone. Whoever closed the account is no longer a customer.',
      },
    ],
  ],
})
