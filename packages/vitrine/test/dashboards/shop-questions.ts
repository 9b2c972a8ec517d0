/** A small shop with customers, who are persons, and their purchases: what the tests of dashboards ask about. */
import {
  bigint,
  category,
  collection,
  date,
  definePublication,
  from,
  integer,
  open,
  questionsAbout,
  register,
  text,
  timestamptz,
} from '../../src/index.ts'

export const LEVELS = ['low', 'middle', 'high'] as const

const source = register('public', {
  client: {
    id: open.bigint,
    city: open.text.nullable,
    size: open.integer.nullable,
    level: open.text,
    since: open.date,
  },
  sale: { id: open.bigint, client_id: open.bigint.nullable, amount: open.integer, sold_at: open.timestamptz },
})

export const customer = from(source.selectFrom('client as c')).publish('customer', 'A customer.', ({ ref }) => ({
  id: bigint(ref('c.id'), 'Key').primaryKey(),
  city: text(ref('c.city'), 'City').nullable(),
  size: integer(ref('c.size'), 'Size').nullable(),
  level: text(
    category({ level: ref('c.level') }, LEVELS, ({ level }) => LEVELS.find((each) => each === level) ?? null),
    'Level',
  ).nullable(),
  since: date(ref('c.since'), 'Since'),
}))

export const purchase = from(source.selectFrom('sale as s')).publish('purchase', 'A purchase.', ({ ref }) => ({
  id: bigint(ref('s.id'), 'Key').primaryKey(),
  customer_id: bigint(ref('s.client_id'), 'Customer')
    .nullable()
    .references(() => customer),
  amount: integer(ref('s.amount'), 'Amount'),
  sold_at: timestamptz(ref('s.sold_at'), 'When'),
}))

export const shop = definePublication({
  name: 'shop',
  schema: 'shop',
  source,
  writer: 'writer',
  reader: 'reader',
  zone: 'Europe/Paris',
  tables: [customer, purchase],
  persons: { tables: ['customer'], smallest: 5 },
})

export const { query, listing, funnel, select, indicator, conditions, filter } = questionsAbout(shop)
export const TEAM = collection({ key: 'team', name: 'Team', access: {} })
