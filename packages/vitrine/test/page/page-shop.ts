/** The shop with dashboards: every kind of filter, a question that may be empty, one that is slow and one that is endless. */
import {
  because,
  bigint,
  boolean,
  collection,
  dashboard,
  definePublication,
  from,
  integer,
  type Publication,
  question,
  questionsAbout,
  sql,
  varchar,
  withDashboards,
} from '../../src/index.ts'
import { customer, type ShopRoles, shop, source } from '../publication/shop.ts'

const purchase = from(source.selectFrom('purchase as p')).publish('shop_purchase', 'A purchase.', ({ ref, eb }) => ({
  id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
  customer_id: bigint(because(ref('p.customer_id'), 'stable key'), 'Customer').references(() => customer),
  amount: integer(ref('p.amount'), 'Amount'),
  label: varchar(40, ref('p.label'), 'Label').nullable(),
  large: boolean(eb(ref('p.amount'), '>', 60).$castTo<boolean>(), 'More than 60'),
}))

export function shownShop({ writer, reader }: ShopRoles): Publication {
  const base = shop({ writer, reader })
  const typed = definePublication({
    name: base.name,
    schema: base.schema,
    source,
    tables: [customer, purchase],
    writer,
    reader,
    zone: 'Europe/Paris',
    limits: base.limits,
    persons: { tables: ['shop_customer'], smallest: 2 },
  })
  const about = questionsAbout(typed)
  const filter = {
    country: about.filter({
      key: 'country',
      label: 'Country',
      kind: 'list',
      linkedTo: ['job'],
      on: { shop_customer: 'country', shop_purchase: 'customer_id.country' },
    }),
    job: about.filter({
      key: 'job',
      label: 'Job',
      kind: 'list',
      options: ['chief', 'other'],
      on: { shop_customer: 'job', shop_purchase: 'customer_id.job' },
    }),
    since: about.filter({
      key: 'since',
      label: 'Since',
      kind: 'date',
      on: { shop_customer: 'created_at', shop_purchase: 'customer_id.created_at' },
    }),
    month: about.filter({
      key: 'month',
      label: 'Month',
      kind: 'month',
      on: { shop_customer: 'created_at', shop_purchase: 'customer_id.created_at' },
    }),
    name: about.filter({
      key: 'name',
      label: 'Name',
      kind: 'text',
      on: { shop_customer: 'name', shop_purchase: 'label' },
    }),
    amount: about.filter({
      key: 'amount',
      label: 'Amount',
      kind: 'number',
      on: { shop_customer: 'purchases', shop_purchase: 'amount' },
    }),
  }
  const customers = question({
    key: 'customers',
    title: 'Customers',
    description: 'All of them.',
    query: about.query({ from: 'shop_customer', measures: { n: { count: 'rows' } } }),
    display: { kind: 'number', value: 'n' },
    columns: { n: { label: 'Customers' } },
  })
  const amounts = question({
    key: 'amounts',
    title: 'Amounts by country',
    description: 'Of the customer.',
    query: about.query({
      from: 'shop_purchase',
      measures: { n: { count: 'rows' }, amount: { sum: 'amount', unknown: 'left out' } },
      by: { country: { column: 'customer_id.country', unknown: 'unknown' } },
      order: [['n', 'desc']],
    }),
    display: { kind: 'row', x: 'country', y: ['n'] },
    columns: { country: { label: 'Country' }, n: { label: 'Purchases' }, amount: { label: 'Amount' } },
  })
  const select = (key: string, text: string) =>
    question({
      key,
      title: key,
      description: 'For a test.',
      query: about.select(({ db }) =>
        db
          .selectFrom('shop_purchase as p')
          .select(sql<number>`${sql.raw(text)}`.as('n'))
          .limit(1_000_000),
      ),
      display: { kind: 'table' },
      columns: { n: { label: 'n' } },
    })
  const board = dashboard({
    key: 'shop',
    title: 'Shop',
    description: 'How it goes.',
    collection: collection({ key: 'shop', name: 'Shop', access: {} }),
    filters: Object.values(filter),
    rows: [[{ question: customers }, { question: amounts }]],
  })
  const odd = dashboard({
    key: 'odd',
    title: 'Odd',
    description: 'What goes wrong.',
    collection: collection({ key: 'shop', name: 'Shop', access: {} }),
    tabs: [
      {
        name: 'Slow',
        rows: [[{ question: select('slow', '(select 1 from pg_sleep(0.9))') }, { question: customers }]],
      },
      { name: 'Late', rows: [[{ question: select('late', '(select 1 from pg_sleep(60))') }]] },
      {
        name: 'Broken',
        rows: [[{ question: select('broken', '1 / (p.amount - p.amount)') }, { question: customers }]],
      },
      {
        name: 'Long',
        rows: [
          [
            {
              question: select('long', 'generate_series(1, 100000)'),
            },
          ],
        ],
      },
      {
        name: 'Many',
        rows: [[{ question: select('stored', 'p.id') }, { question: select('heavy', "repeat('x', 9000)") }]],
      },
    ],
  })
  const counted = question({
    key: 'purchases',
    title: 'Purchases',
    description: 'All of them.',
    query: about.query({ from: 'shop_purchase', measures: { n: { count: 'rows' } } }),
    display: { kind: 'number', value: 'n' },
    columns: { n: { label: 'Purchases' } },
  })
  const largest = question({
    key: 'largest',
    title: 'Largest purchase without a label',
    description: 'Every purchase has one.',
    query: about.query({
      from: 'shop_purchase',
      measures: { most: { max: 'amount' } },
      where: [['label', 'is null']],
    }),
    display: { kind: 'number', value: 'most' },
    columns: { most: { label: 'Amount' } },
  })
  const kept = dashboard({
    key: 'kept',
    title: 'Kept',
    description: 'Filters that have a value when nothing is said.',
    collection: collection({ key: 'shop', name: 'Shop', access: {} }),
    filters: [
      about.filter({ key: 'large', label: 'Large', kind: 'boolean', on: { shop_purchase: 'large' } }),
      about.filter({
        key: 'job',
        label: 'Job',
        kind: 'list',
        options: ['chief', 'other'],
        required: true,
        on: { shop_purchase: 'customer_id.job' },
      }),
      about.filter({
        key: 'country',
        label: 'Country',
        kind: 'list',
        default: ['C1'],
        on: { shop_purchase: 'customer_id.country' },
      }),
    ],
    rows: [[{ question: counted }, { question: largest, without: ['large', 'job', 'country'] }]],
  })
  const open = dashboard({
    key: 'open',
    title: 'Open',
    description: 'For everybody.',
    audience: 'public',
    collection: collection({ key: 'shop', name: 'Shop', access: {} }),
    rows: [[{ question: { ...customers, key: 'customers-public', audience: 'public' } }]],
  })
  return withDashboards(typed, [board, odd, kept, open])
}
