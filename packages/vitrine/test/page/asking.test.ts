/** Lists of filters that are read from the published tables show no small group of persons. */
import { expect, test } from 'vitest'
import { dashboard } from '../../src/index.ts'
import { askedOptions } from '../../src/page/asking.ts'
import { filter, shop, TEAM } from '../dashboards/shop-questions.ts'

const list = { key: 'list', label: 'List', kind: 'list' } as const

test.each([
  ['of persons', filter({ ...list, on: { customer: 'city' } }), true],
  ['of rows that refer to persons, by what these are', filter({ ...list, on: { purchase: 'customer_id.city' } }), true],
  ['of rows that refer to persons, by what the rows are', filter({ ...list, on: { purchase: 'amount' } }), false],
])('%s', (_, given, isBounded) => {
  const board = dashboard({ key: 'a', title: 'A', description: 'A.', collection: TEAM, filters: [given], rows: [] })
  const asked = askedOptions({ publication: shop, dashboard: board, choices: new Map() }, given)
  expect(/having count\(\*\) >= 5/.test(asked?.sql ?? '')).toBe(isBounded)
})
