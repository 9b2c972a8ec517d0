/** Questions that must not compile, each beside one that does: what a question may name is what the publication publishes. */
import { question, questionsAbout, sql } from '../../src/index.ts'
import { conditions, filter, indicator, listing, query, select, shop } from '../dashboards/shop-questions.ts'

const n = { count: 'rows' } as const

// biome-ignore format: each mistake stays on the line under its comment.
export const asked = [
  query({ from: 'purchase', measures: { n }, by: { city: { column: 'customer_id.city', unknown: '?' } } }),
  // @ts-expect-error a column that is not published
  query({ from: 'purchase', measures: { n }, by: { town: { column: 'customer_id.town', unknown: '?' } } }),
  // @ts-expect-error a table that is not published
  query({ from: 'sale', measures: { n } }),
  // @ts-expect-error a key that is no foreign key
  query({ from: 'purchase', measures: { n }, where: [['id.city', '=', 'Lyon']] }),
  query({ from: 'customer', measures: { n }, where: [['level', '=', 'low'], ['since', 'within', { last: 3, unit: 'month' }]] }),
  // @ts-expect-error a value outside a closed list
  query({ from: 'customer', measures: { n }, where: [['level', '=', 'top']] }),
  // @ts-expect-error the same through a foreign key
  query({ from: 'purchase', measures: { n }, where: [['customer_id.level', 'in', ['low', 'top']]] }),
  // @ts-expect-error a number compared with a text
  query({ from: 'purchase', measures: { n }, where: [['amount', '=', 'much']] }),
  // @ts-expect-error a text has no order
  query({ from: 'customer', measures: { n }, where: [['city', '<', 'M']] }),
  // @ts-expect-error a number is no time
  query({ from: 'purchase', measures: { n }, where: [['amount', 'complete', 'month']] }),
  query({ from: 'purchase', measures: { n: { sum: 'amount' } } }),
  query({ from: 'customer', measures: { n: { sum: 'size', unknown: 'left out' } } }),
  // @ts-expect-error a sum over what may be unknown, without a word about it
  query({ from: 'customer', measures: { n: { sum: 'size' } } }),
  // @ts-expect-error unknown through a foreign key that may be absent
  query({ from: 'purchase', measures: { n: { avg: 'customer_id.size' } } }),
  // @ts-expect-error a sum of texts
  query({ from: 'customer', measures: { n: { sum: 'city', unknown: 'left out' } } }),
  // @ts-expect-error a rate without a denominator
  query({ from: 'purchase', measures: { n: { percent: [['amount', '>', 1]] } } }),
  // @ts-expect-error a group that may be NULL, without a name
  query({ from: 'customer', measures: { n }, by: { level: 'level' } }),
  // @ts-expect-error an order by what is no column of the answer
  query({ from: 'customer', measures: { n }, order: [['m', 'asc']] }),
  // @ts-expect-error a listing without a limit
  listing({ from: 'purchase', columns: { amount: 'amount' } }),
  select(({ db }) => db.selectFrom('customer as c').select('c.city')),
  // @ts-expect-error a column that is not published, in Kysely
  select(({ db }) => db.selectFrom('customer as c').select('c.town')),
  // @ts-expect-error a value outside a closed list, in Kysely
  select(({ db }) => db.selectFrom('customer as c').where('c.level', '=', 'top').select('c.city')),
  // @ts-expect-error a filter on what is not published
  select(({ db, filter }) => db.selectFrom('customer as c').where(({ ref }) => filter('town', ref('c.city'), 'customer.town')).select('c.city')),
  // @ts-expect-error the day of a table that is not published
  select(({ db, day }) => db.selectFrom('customer as c').where('c.since', '<', day('sale')).select('c.city')),
  select(({ db }) => db.selectFrom('vitrine_runs as r').where('r.state', '=', 'failed').select('r.error_code')),
  // @ts-expect-error a state that no run has
  select(({ db }) => db.selectFrom('vitrine_runs as r').where('r.state', '=', 'lost').select('r.error_code')),
  // @ts-expect-error a filter on a column of another table
  filter({ key: 'city', label: 'City', kind: 'text', on: { purchase: 'city' } }),
  // @ts-expect-error conditions of another table
  query({ from: 'purchase', measures: { n }, where: conditions('customer', ['city', 'is null']) }),
  // @ts-expect-error an indicator of another table
  query({ from: 'purchase', measures: { n: indicator({ title: 'N', definition: 'N', unit: 'n', from: 'customer', measure: n }) } }),
]

const shared = { key: 'n', title: 'N', description: 'N', query: query({ from: 'purchase', measures: { n } }) }
// biome-ignore format: each mistake stays on the line under its comment.
export const shown = [
  question({ ...shared, display: { kind: 'number', value: 'n' }, columns: { n: { label: 'N' } } }),
  // @ts-expect-error a display of what is no column of the answer
  question({ ...shared, display: { kind: 'number', value: 'm' } }),
  // @ts-expect-error a display that does not exist
  question({ ...shared, display: { kind: 'sunburst', value: 'n' } }),
  // @ts-expect-error a label for what is no column of the answer
  question({ ...shared, display: { kind: 'number', value: 'n' }, columns: { m: { label: 'M' } } }),
  question({ ...shared, query: select(({ db }) => db.selectFrom('purchase as p').select(sql<number>`count(*)`.as('k'))), display: { kind: 'number', value: 'k' } }),
  // @ts-expect-error the same for a question in Kysely
  question({ ...shared, query: select(({ db }) => db.selectFrom('purchase as p').select(sql<number>`count(*)`.as('k'))), display: { kind: 'number', value: 'n' } }),
]

export const again = questionsAbout(shop)
