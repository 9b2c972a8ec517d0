/** The example of docs/dashboards.md is the file that compiles here, and its dashboard is sound. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fencesOf } from '../../../../test/documentation/markdown.ts'
import { checkDashboards } from '../../src/dashboards/dashboard-check.ts'
import { published } from './example.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8')

test('the page shows the code that compiles', () => {
  const shown = fencesOf(read('../../../../docs/dashboards.md')).filter(({ language }) => language === 'ts')
  const code = read('example.ts').split('\n\n').slice(1).join('\n\n')
  expect(shown.map(({ text }) => text.trim()).join('\n\n')).toBe(code.trim())
})

test('its dashboard has no mistake, and says what it reads', async () => {
  const { problems, reads } = await checkDashboards(published)
  expect(problems).toEqual([])
  const said = [...reads].map(([key, tables]) => {
    const names = [...tables].flatMap(([table, columns]) => [...columns].map((column) => `${table}.${column}`))
    return [key, names.toSorted()] as const
  })
  expect(Object.fromEntries(said)).toEqual({
    'typical-purchase': ['customer.id', 'customer.level', 'purchase.amount', 'purchase.customer_id'],
    'sold-by-level': ['customer.id', 'customer.level', 'purchase.amount', 'purchase.customer_id'],
    // The filter of the dashboard goes through the customer.
    'sold-by-month': [
      'customer.id',
      'customer.level',
      'purchase.amount',
      'purchase.customer_id',
      'purchase.sold_at',
      'vitrine_freshness.data_of',
      'vitrine_freshness.table_name',
    ],
  })
})
