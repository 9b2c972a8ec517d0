/** What the words of a question mean, asked of a real server: NULL, days of the data, bands, small groups, filters. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { type Compiling, questionSql } from '../../src/dashboards/sql.ts'
import type { Query } from '../../src/publication/dashboard.ts'
import { filter, funnel, LEVELS, listing, query, select, shop } from './shop-questions.ts'

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await TestDatabase.create(VERSIONS[0] ?? 18, 'dashboards')
  client = await database.connect()
  await client.query(`
    set timezone = 'America/New_York';
    create schema shop;
    create table shop.vitrine_freshness (table_name text, row_count bigint, data_of timestamptz, published_at timestamptz);
    insert into shop.vitrine_freshness values ('customer', 6, '2026-03-31 22:30Z', now()), ('purchase', 5, '2026-03-31 22:30Z', now());
    create table shop.customer (id bigint, city text, size integer, level text, since date);
    insert into shop.customer values (1, 'Lyon', 1, 'high', '2026-03-01'), (2, 'Lyon', null, 'low', '2026-03-02'),
      (3, null, 30, 'low', '2026-02-28'), (4, 'Metz', 100, null, '2025-01-01'), (5, 'Metz', 5, 'middle', '2026-04-01'),
      (6, 'Nice', 9, 'low', '2026-03-31');
    create table shop.purchase (id bigint, customer_id bigint, amount integer, sold_at timestamptz);
    insert into shop.purchase values (1, 1, 10, '2026-03-31 22:10Z'), (2, 2, 20, '2026-03-31 21:50Z'),
      (3, null, 40, '2026-02-28 23:10Z'), (4, 4, 80, '2026-02-28 22:50Z'), (5, 4, 160, '2026-01-15 12:00Z')`)
})
afterAll(() => database.drop())

async function answer(asked: Query, more: Partial<Compiling> = {}): Promise<readonly unknown[][]> {
  const text = questionSql(asked, { publication: shop, ...more })
  const { rows } = await client.query<unknown[]>({ text, rowMode: 'array', types: { getTypeParser: () => String } })
  return rows
}
const n = { count: 'rows' } as const
const byCustomer = (where: NonNullable<Parameters<typeof query<'customer', 'n'>>[0]['where']>) =>
  answer(query({ from: 'customer', measures: { n }, where }))

test.each<[string, Parameters<typeof byCustomer>[0], string]>([
  ['= never holds for NULL', [['city', '=', 'Lyon']], '2'],
  ['!= holds for NULL', [['city', '!=', 'Lyon']], '4'],
  ['in never holds for NULL', [['city', 'in', ['Lyon', 'Metz']]], '4'],
  ['not in holds for NULL', [['city', 'not in', ['Lyon', 'Metz']]], '2'],
  ['nothing is in an empty list', [['city', 'in', []]], '0'],
  ['everything is not in an empty list', [['city', 'not in', []]], '6'],
  // It is 1 April in Paris, where the data are of 00:30.
  ['days are counted from the local day of the data', [['since', 'within', { last: 31, unit: 'day' }]], '4'],
  ['before is what within is not', [['since', 'before', { ago: 31, unit: 'day' }]], '2'],
  ['a month in progress is not complete', [['since', 'complete', 'month']], '5'],
])('%s', async (_, where, count) => {
  expect(await byCustomer(where)).toEqual([[count]])
})

test('months are local ones, whatever the zone of the session', async () => {
  const months = query({ from: 'purchase', measures: { n }, by: { month: { time: 'sold_at', unit: 'month' } } })
  expect(await answer(months)).toEqual([
    ['2026-01-01', '1'],
    ['2026-02-01', '1'],
    ['2026-03-01', '2'],
    ['2026-04-01', '1'],
  ])
})

test('bands and closed lists are in their own order, and NULL has its name', async () => {
  const at = [
    [0, 'few'],
    [10, 'some'],
    [100, 'many'],
  ] as const
  const sizes = query({ from: 'customer', measures: { n }, by: { size: { band: 'size', at, unknown: 'unknown' } } })
  expect(await answer(sizes)).toEqual([
    ['few', '3'],
    ['some', '1'],
    ['many', '1'],
    ['unknown', '1'],
  ])
  const levels = query({ from: 'customer', measures: { n }, by: { level: { column: 'level', unknown: 'unknown' } } })
  expect(await answer(levels)).toEqual([
    ...LEVELS.map((level) => [level, level === 'low' ? '3' : '1']),
    ['unknown', '1'],
  ])
  const ages = query({
    from: 'customer',
    measures: { n },
    by: {
      age: {
        age: 'since',
        at: [
          [0, 'new'],
          [32, 'old'],
        ],
      },
    },
  })
  expect(await answer(ages)).toEqual([
    ['new', '4'],
    ['old', '2'],
  ])
})

test('figures: of their own rows, of both columns, up to here, and of groups that are large enough', async () => {
  const figures = query({
    from: 'customer',
    measures: {
      part: { percent: [['level', '=', 'low']], of: [['city', 'is not null']] },
      size: { sum: 'size', unknown: 'left out' },
      middle: { median: 'size', unknown: 'left out' },
      cities: { distinct: 'city' },
      last: { max: 'since' },
    },
  })
  expect(await answer(figures)).toEqual([['40.0', '145', '9.0', '3', '2026-04-01']])
  const running = query({
    from: 'purchase',
    measures: { total: { cumulative: { sum: 'amount' } } },
    by: { month: { time: 'sold_at', unit: 'month' } },
    order: [['month', 'desc']],
    limit: 2,
  })
  expect(await answer(running)).toEqual([
    ['2026-04-01', '310'],
    ['2026-03-01', '300'],
  ])
  const large = query({
    from: 'customer',
    measures: { n },
    by: { city: { column: 'city', unknown: '?' } },
    smallest: 2,
  })
  expect(await answer(large)).toEqual([
    ['Lyon', '2'],
    ['Metz', '2'],
  ])
})

test('columns through a foreign key, where a missing row is unknown', async () => {
  const cities = query({
    from: 'purchase',
    measures: { amount: { sum: 'amount' } },
    by: { city: { column: 'customer_id.city', unknown: 'nobody' } },
  })
  expect(await answer(cities)).toEqual([
    ['Lyon', '30'],
    ['Metz', '240'],
    ['nobody', '40'],
  ])
})

test('a step of a funnel is one of those before it, and a listing shows local time', async () => {
  const steps = funnel({
    from: 'customer',
    step: 's',
    value: 'n',
    steps: [
      ['all', []],
      ['low', [['level', '=', 'low']]],
      ['of a city', [['city', 'is not null']]],
    ],
  })
  expect(await answer(steps)).toEqual([
    ['all', '6'],
    ['low', '3'],
    ['of a city', '2'],
  ])
  const sold = listing({ from: 'purchase', columns: { at: 'sold_at' }, order: [['at', 'desc']], limit: 1 })
  expect(await answer(sold)).toEqual([['2026-04-01 00:10:00']])
})

test('a filter is written where it stands, over the column of the dashboard or of the question', async () => {
  const size = filter({ key: 'size', label: 'Size', kind: 'number', on: { purchase: 'customer_id.size' } })
  const uses: unknown[] = []
  const more: Partial<Compiling> = {
    filters: [size],
    writeFilter: (use, expression) => {
      uses.push(use)
      return `${expression} >= 100`
    },
  }
  expect(await answer(query({ from: 'purchase', measures: { n } }), more)).toEqual([['2']])
  const own = select(({ db, filter: filtered }) =>
    db
      .selectFrom('customer as c')
      .where(({ ref }) => filtered('size', ref('c.size'), 'customer.size'))
      .select('c.id'),
  )
  expect(await answer(own, more)).toEqual([['4']])
  expect(await answer(own)).toHaveLength(6)
  expect(uses).toEqual(Array.from({ length: 2 }, () => ({ filter: 'size', table: 'customer', column: 'size' })))
})
