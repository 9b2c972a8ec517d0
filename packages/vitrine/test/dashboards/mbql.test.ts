/** A question that people can drill into answers, in Metabase, what the reader is told: over generated questions and rows. */
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { relationsOf } from '../../src/dashboards/askable-relations.ts'
import { TableCheck } from '../../src/dashboards/check-structured.ts'
import { structuredFrom } from '../../src/dashboards/from-mbql.ts'
import { mbqlOf } from '../../src/dashboards/mbql.ts'
import { questionSql } from '../../src/dashboards/sql.ts'
import { plainStages } from '../../src/metabase/query.ts'
import type { By, Condition, Measure, StructuredQuery } from '../../src/publication/dashboard.ts'
import { knownFrom, mbqlToSql } from '../metabase/mbql.ts'
import { LEVELS, shop } from './shop-questions.ts'

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await TestDatabase.create(VERSIONS[0] ?? 18, 'mbql')
  client = await database.connect()
  // Rows of every kind: unknown values, shares that end in a half, months and bands with few rows and with none.
  await client.query(`
    set timezone = 'Europe/Paris';
    create schema shop;
    create table shop.vitrine_freshness (table_name text, row_count bigint, data_of timestamptz, published_at timestamptz);
    insert into shop.vitrine_freshness values ('customer', 6, '2026-03-31 22:30Z', now()), ('purchase', 5, '2026-03-31 22:30Z', now());
    create table shop.customer (id bigint, city text, size integer, level text, since date);
    insert into shop.customer select i, (array['Lyon', 'Metz', null, 'L''Haÿ'])[1 + i % 4], nullif(i * 7 % 23, 5) - 3,
      (array['low', 'middle', 'high', null])[1 + (i / 3) % 4], date '2025-11-20' + i * 2 from generate_series(1, 80) as i;
    create table shop.purchase (id bigint, customer_id bigint, amount integer, sold_at timestamptz);
    insert into shop.purchase select i, case when i % 9 = 0 then null else 1 + i * 31 % 80 end, i * 13 % 41 - 9,
      timestamptz '2025-10-31 22:30Z' + i * interval '7 hours' from generate_series(1, 400) as i`)
})
afterAll(() => database.drop())

const CITY: Condition = ['city', 'is not null']
const CONDITIONS: Readonly<Record<string, readonly Condition[]>> = {
  customer: [
    ['city', '=', 'Lyon'],
    ['city', '!=', "L'Haÿ"],
    ['level', 'in', ['low', 'high']],
    ['level', 'not in', ['low', 'high']],
    ['city', 'not in', []],
    ['city', 'is null'],
    CITY,
    ['size', '>=', 7],
    ['size', '!=', 4],
    ['since', '<', '2026-02-01'],
    ['since', '=', '2025-12-02'],
    ['since', 'within', { last: 31, unit: 'day' }],
  ],
  purchase: [
    ['amount', '>', 12],
    ['customer_id', 'is null'],
    ['customer_id.level', '!=', 'low'],
    ['customer_id.size', '<=', 3],
    ['customer_id.since', '>', '2026-01-15'],
    ['sold_at', '>=', '2026-01-01'],
  ],
}
const BANDS = [
  [0, 'few'],
  [4, 'some'],
  [12, 'many'],
] as const
const GROUPS: Readonly<Record<string, readonly By[]>> = {
  customer: [
    { column: 'city', unknown: 'nowhere', order: ["L'Haÿ", 'Metz', 'Lyon'] },
    { column: 'level', unknown: '?' },
    { band: 'size', at: BANDS, unknown: '?' },
    { time: 'since', unit: 'month' },
    'since',
    {
      cases: [
        ['old', [['since', '<', '2026-01-01'], CITY]],
        ['new', [['level', '=', 'low']]],
      ],
      otherwise: 'else',
    },
    { column: 'size', unknown: '?' },
    { time: 'since', unit: 'week' },
  ],
  purchase: [
    { time: 'sold_at', unit: 'month' },
    { time: 'sold_at', unit: 'day' },
    { column: 'customer_id.level', unknown: 'nobody' },
    { column: 'customer_id.city', unknown: 'nobody', order: ['Lyon', "L'Haÿ", 'Metz'] },
    { band: 'amount', at: BANDS },
    { cases: [['big', [['amount', '>', 20]]]], otherwise: 'small' },
  ],
}

const REASONS: readonly string[] = [
  'Metabase compares instants by day',
  'Metabase puts an unknown figure first',
  'Metabase rounds a median otherwise',
  'Metabase writes such a group otherwise',
  'it counts from the day of the data, and Metabase from now',
  'two columns of its answer would have one name',
]

const arbitraryQuery = fc.constantFrom('customer', 'purchase').chain((from) => {
  const conditions = fc.subarray([...(CONDITIONS[from] ?? [])], { maxLength: 2 })
  const [number, time] = from === 'customer' ? (['size', 'since'] as const) : (['amount', 'sold_at'] as const)
  const over = { unknown: 'left out' } as const
  const measure: fc.Arbitrary<Measure> = fc.oneof(
    conditions.map((where) => ({ count: 'rows', where }) as const),
    conditions.map((where) => ({ distinct: from === 'customer' ? 'city' : 'customer_id.city', where })),
    conditions.map((where) => ({ sum: number, ...over, where })),
    fc
      .tuple(conditions, fc.integer({ min: 0, max: 2 }))
      .map(([where, decimals]) => ({ avg: number, ...over, where, decimals })),
    conditions.map((where) => ({ max: time, where })),
    fc
      .tuple(conditions, conditions)
      .map(([percent, of]) => ({ percent, of: of.length === 0 ? ('all rows' as const) : of })),
    conditions.map((where) => ({ cumulative: { count: 'rows', where } }) as const),
    conditions.map((where) => ({ cumulative: { sum: number, ...over, where } }) as const),
    fc.constant({ median: number, ...over }),
    fc.constant({ ratio: [number, number], ...over } as const),
  )
  const named = <T>(list: readonly T[], letter: string) =>
    Object.fromEntries(list.map((each, i) => [`${letter}${i}`, each]))
  return fc
    .record({
      measures: fc.array(measure, { minLength: 1, maxLength: 3 }),
      by: fc.subarray([...(GROUPS[from] ?? [])], { maxLength: 2 }),
      where: conditions,
      order: fc.constantFrom(null, 'asc' as const, 'desc' as const),
      ordered: fc.constantFrom('m0', 'g0'),
      limit: fc.constantFrom(null, 3),
      smallest: fc.constantFrom(null, null, 5),
    })
    .map(({ measures, by, order, ordered, ...rest }): StructuredQuery => {
      const name = by.length === 0 ? 'm0' : ordered
      return {
        ...rest,
        kind: 'structured',
        from,
        measures: named(measures, 'm'),
        by: named(by, 'g'),
        order: order === null ? [] : [[name, order]],
      }
    })
    .filter((query) => {
      let isSound = true
      new TableCheck(relationsOf(shop), from, () => (isSound = false)).check(query)
      return isSound
    })
})

const plain = (value: string | null): string | null => {
  if (value === null) return null
  if (/^\d{4}-\d\d-\d\d/.test(value)) return value.replace(/ 00:00:00(?:\+\d\d)?$/, '')
  return /^-?[\d.]+(?:e-?\d+)?$/.test(value) ? String(Number(value)) : value
}

async function answer(sql: string): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const { rows } = await client.query<Record<string, string | null>>({
    text: sql,
    types: { getTypeParser: () => String },
  })
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
}

describe('a structured question', () => {
  test('answers the same in Metabase, or stays SQL for a reason', async () => {
    const reasons = new Set<string>()
    let said = 0
    await fc.assert(
      fc.asyncProperty(arbitraryQuery, async (query) => {
        const mbql = mbqlOf(query, shop)
        if ('reason' in mbql) return void reasons.add(mbql.reason)
        said++
        const expected = await answer(questionSql(query, { publication: shop }))
        const found = (await answer(mbqlToSql(mbql.stages, knownFrom(shop)))).map((row) =>
          mbql.shown.map((name) => row[name]),
        )
        // Rows that nothing orders may come in another order, and a limit may then take others.
        const names = Object.keys({ ...query.by, ...query.measures })
        const keys = (rows: readonly (readonly unknown[])[]) =>
          rows.map((row) => query.order.map(([name]) => row[names.indexOf(name)]))
        const wanted = expected.map((row) => names.map((name) => row[name]))
        expect(keys(found)).toEqual(keys(wanted))
        if (query.limit === null || query.order.length === 0)
          expect(found.map((row) => JSON.stringify(row)).toSorted()).toEqual(
            wanted.map((row) => JSON.stringify(row)).toSorted(),
          )
      }),
      { numRuns: 250 },
    )
    expect(said).toBeGreaterThan(50)
    expect([...reasons].filter((reason) => !REASONS.includes(reason))).toEqual([])
  })

  test('is read back from Metabase as the same question', () => {
    fc.assert(
      fc.property(arbitraryQuery, (query) => {
        const mbql = mbqlOf(query, shop)
        if ('reason' in mbql) return
        const back = structuredFrom(plainStages(mbql.stages), shop)
        const again = 'reason' in back ? back : mbqlOf(back, shop)
        expect('stages' in again ? plainStages(again.stages) : [again, query]).toEqual(plainStages(mbql.stages))
      }),
      { numRuns: 300 },
    )
  })

  test('over no rows at all counts none, as SQL does', async () => {
    const none: StructuredQuery = {
      kind: 'structured',
      from: 'customer',
      measures: { n: { count: 'rows', where: [CITY] }, share: { percent: [CITY], of: [['level', '=', 'low']] } },
      by: {},
      where: [['id', '<', 0]],
      order: [],
      limit: null,
      smallest: null,
    }
    const mbql = mbqlOf(none, shop)
    if ('reason' in mbql) throw new Error(mbql.reason)
    const sql = mbqlToSql(mbql.stages, knownFrom(shop))
    expect([await answer(sql), await answer(questionSql(none, { publication: shop }))]).toEqual([
      [{ n: '0', share: null }],
      [{ n: '0', share: null }],
    ])
  })

  test('names columns through a foreign key, orders by a closed list, and leaves out small groups in a second stage', () => {
    const query: StructuredQuery = {
      kind: 'structured',
      from: 'purchase',
      measures: { all: { count: 'rows' } },
      by: { level: 'customer_id.level' },
      where: [['customer_id.level', 'is not null']],
      order: [],
      limit: null,
      smallest: 5,
    }
    const mbql = mbqlOf(query, shop)
    const level = '["field",{"source-field":"purchase.customer_id"},"customer.level"]'
    const cases = LEVELS.map((each, index) => `[["=",{},${level},"${each}"],${index}]`).join()
    expect('stages' in mbql && mbql.stages.map((stage) => JSON.stringify(stage))).toEqual([
      `{"lib/type":"mbql.stage/mbql","source-table":"purchase","filters":[["not-null",{},${level}]],"breakout":[${level}],"aggregation":[["count",{"name":"all","display-name":"all"}],["min",{"name":"rank","display-name":"rank"},["case",{},[${cases}],3]]]}`,
      '{"lib/type":"mbql.stage/mbql","filters":[[">=",{},["field",{"base-type":"type/Integer"},"all"],5]],"order-by":[["asc",{},["field",{"base-type":"type/Number"},"rank"]]]}',
    ])
    expect(mbql).toMatchObject({ names: { level: 'level' }, shown: ['level', 'all'], hidden: ['rank'] })
  })
})
