/** The check of history tables: what is refused before any connection, and the SQL of one day. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  because,
  before,
  bigint,
  type Column,
  checkPublication,
  compute,
  count,
  date,
  from,
  type HistoryTable,
  history,
  integer,
  type Jsonb,
  jsonb,
  smallint,
  text,
} from '../../src/index.ts'
import { dayOf, daySelect } from '../../src/publication/history-select.ts'
import { fingerprintOf, shapesOf } from '../../src/publication/shape.ts'
import { customer, purchase, STAGING, shop, source } from './shop.ts'
import { shopWithHistory, stats } from './shop-history.ts'

const roles = { writer: 'w', reader: 'r' }
const problemsOf = async (...histories: readonly HistoryTable[]): Promise<readonly string[]> => {
  const { problems } = await checkPublication(shopWithHistory(roles, histories))
  return problems.map(({ place, detail }) => `${place}: ${detail}`)
}

const customers = history('days', 'One day.', ({ selectFrom }, { day }) => ({
  day: date(day, 'Day').primaryKey(),
  n: integer(selectFrom('shop_customer').select(count().as('n')).$asScalar().$notNull(), 'Customers'),
}))

test('a history table is sound, has a shape like any table, and a lineage of published columns', async () => {
  expect(await problemsOf(stats, customers)).toEqual([])
  const publication = shopWithHistory(roles)
  const { columns } = await checkPublication(publication)
  const lineage = columns
    .filter(({ table }) => table === 'shop_stats')
    .map(({ column, lineage: from }) => [column, from.map((origin) => `${origin.table}.${origin.column}`)])
  expect(lineage).toEqual([
    ['id', []],
    ['day', []],
    ['customers', []],
    ['revenue', ['shop_purchase.amount']],
    ['best', ['shop_customer.job']],
  ])
  expect(shapesOf(publication).at(-1)).toMatchObject({
    name: 'shop_stats',
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'day', type: 'date', nullable: false },
      { name: 'customers', type: 'integer', nullable: false },
      { name: 'revenue', type: 'bigint', nullable: false },
      { name: 'best', type: 'text', nullable: true },
    ],
    constraints: [
      { name: 'shop_stats_pkey', definition: 'PRIMARY KEY (id)' },
      { name: 'shop_stats_day_key', definition: 'UNIQUE (day)' },
    ],
  })
})

test('the fingerprint knows the figures and the values of earlier days', async () => {
  const with0 = history('days', 'One day.', (_, { day }) => ({
    day: date(day, 'Day').primaryKey(),
    n: before(0, integer(sql<number>`1`, 'N')),
  }))
  const with1 = history('days', 'One day.', (_, { day }) => ({
    day: date(day, 'Day').primaryKey(),
    n: before(1, integer(sql<number>`1`, 'N')),
  }))
  const prints = [[], [customers], [with0], [with1]].map((list) => fingerprintOf(shopWithHistory(roles, list)))
  expect(new Set(prints).size).toBe(4)
  expect(prints[0]).toBe(fingerprintOf(shop(roles)))
})

describe('refused', () => {
  const figure = (n: Column<'not null'>) =>
    history('days', 'One day.', (_, { day }) => ({ day: date(day, 'Day').primaryKey(), n }))
  const over = (make: Parameters<typeof history>[2]) => problemsOf(history('days', 'One day.', make))

  test('a table that is not published, and a column that a published table does not have', async () => {
    expect(
      await over(({ selectFrom }, { day }) => ({
        day: date(day, 'Day').primaryKey(),
        n: integer(selectFrom('customer').select(count().as('n')).$asScalar().$notNull(), 'The source itself'),
        m: integer(selectFrom('shop_stats').select(count().as('n')).$asScalar().$notNull(), 'Another history'),
        o: integer(
          selectFrom('shop.shop_customer').select(count().as('n')).$asScalar().$notNull(),
          'The version before',
        ),
        p: text(
          selectFrom('shop_customer as c')
            .select(({ fn }) => fn.max<string>('c.email').as('n'))
            .$asScalar(),
          'Not published',
        ).nullable(),
      })),
    ).toEqual([
      'days.n: the table «customer» is not among the published tables',
      'days.m: the table «shop_stats» is not among the published tables',
      'days.o: the table «shop_customer» is not among the published tables',
      'days.p: the column «c.email» is not among the published tables',
    ])
  })

  test('raw SQL that could name a table, and functions that read other data', async () => {
    expect(
      await over(({ fn, selectFrom }, { day }) => ({
        day: date(day, 'Day').primaryKey(),
        n: integer(sql<number>`(select count(*) from customer)`, 'Raw'),
        m: integer(fn<number>('pg_read_file', [sql.lit('x')]), 'A file'),
        o: integer(
          selectFrom('shop_customer')
            .select(() => sql<number>`max(length(password))`.as('n'))
            .$asScalar()
            .$notNull(),
          'Raw inside',
        ),
      })),
    ).toEqual([
      'days.n: the table «customer» is not among the published tables',
      'days.m: the function «pg_read_file» is not known to be harmless',
      'days.o: the column «password» is not one column alone',
    ])
  })

  test('no day, two days, a day that may repeat, a day of another type', async () => {
    const one = integer(sql<number>`1`, 'One')
    expect(await over((_, { dayNumber }) => ({ id: integer(dayNumber, 'Key').primaryKey(), one }))).toEqual([
      'days: 0 columns of it are the day',
    ])
    expect(
      await over((_, { day }) => ({ a: date(day, 'Day').primaryKey(), b: date(day, 'Again').unique(), one })),
    ).toEqual(['days: 2 columns of it are the day'])
    expect(
      await over((_, { day, dayNumber }) => ({
        id: integer(dayNumber, 'Key').primaryKey(),
        day: date(day, 'Day'),
        one,
      })),
    ).toEqual(['days.day: two rows could have this day'])
    expect(await over((_, { day }) => ({ day: text(day.$castTo<string>(), 'Day').primaryKey(), one }))).toEqual([
      'days.day: the day is not declared as a date',
    ])
    expect(await over((_, { day }) => ({ day: date(day, 'Day').primaryKey() }))).toEqual(['days: it records no figure'])
  })

  test('figures that are keys, references, rules, lists, and values of earlier days that do not fit', async () => {
    const value = sql<number>`1`
    expect(await problemsOf(figure(integer(value, 'N').unique()))).toEqual(['days.n: a figure is a key'])
    expect(await problemsOf(figure(bigint(value, 'N').references(() => customer)))).toEqual([
      'days.n: it refers to another table',
    ])
    expect(
      await problemsOf(
        figure(
          integer(
            compute({ n: value }, ({ n }) => n),
            'N',
          ),
        ),
      ),
    ).toEqual(['days.n: it is computed by a rule'])
    expect(await problemsOf(figure(jsonb(sql<Jsonb>`to_jsonb(1)`, 'N')))).toEqual(['days.n: jsonb is not recorded'])
    expect(
      await over((_, { day, dayNumber }) => ({
        id: before(1, integer(dayNumber, 'Key').primaryKey()),
        day: date(day, 'Day').unique(),
        n: before(70_000, smallint(value, 'N')),
        m: before('many', integer(value, 'M')),
        o: before(70_000, integer(value, 'O')),
      })),
    ).toEqual([
      'days.id: it follows from the day',
      'days.n: its value for earlier days is no smallint',
      'days.m: its value for earlier days is no integer',
    ])
  })

  test('a published table that refers to a history table, and two relations of one name', async () => {
    const pointing = from(source.selectFrom('purchase as p')).publish('pointing', 'X.', ({ ref }) => ({
      id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
      day: integer(ref('p.amount'), 'Day').references(() => stats),
    }))
    const publication = {
      ...shop(roles, [customer, purchase, pointing]),
      histories: [stats, { ...stats, name: 'pointing' }],
    }
    expect((await checkPublication(publication)).problems.map(({ place, detail }) => `${place}: ${detail}`)).toEqual([
      'pointing: two published relations have this name',
      'pointing.day: it refers to shop_stats, which is not published',
    ])
  })
})

describe('the SQL of one day', () => {
  const publication = shopWithHistory(roles)

  test('names the staged tables, and writes the day as a literal wherever it stands', async () => {
    const table = history('days', 'One day.', ({ selectFrom, exists, lit }, { day, dayNumber }) => ({
      day: date(day, 'Day').primaryKey(),
      young: integer(
        selectFrom('shop_customer as c')
          .where('c.created_at', '<', day)
          .where(exists(selectFrom('shop_purchase').whereRef('customer_id', '=', 'c.id').select(lit(1).as('one'))))
          .select(count().as('n'))
          .$asScalar()
          .$notNull(),
        'Customers with a purchase, before the day',
      ),
      number: integer(dayNumber, 'Number'),
    }))
    const day = daySelect(table, publication, STAGING, new Date('2026-03-28T23:30:00Z'))
    expect(day.sql).toMatchInlineSnapshot(
      `"select cast(cast('2026-03-29' as date) as date) as "day", cast((select cast(count(*) as integer) as "n" from "shop_next"."shop_customer" as "c" where "c"."created_at" < cast('2026-03-29' as date) and exists (select 1 as "one" from "shop_next"."shop_purchase" where "customer_id" = "c"."id")) as integer) as "young", cast((cast('2026-03-29' as date) - cast('2000-01-01' as date)) as integer) as "number""`,
    )
    expect([...day.tables]).toEqual(['shop_customer', 'shop_purchase'])
  })

  test.each([
    ['2026-03-28T22:59:59Z', '2026-03-28', 'before midnight in winter'],
    ['2026-03-28T23:00:00Z', '2026-03-29', 'midnight before the clocks go forward'],
    ['2026-03-29T22:00:00Z', '2026-03-30', 'midnight after it'],
    ['2026-10-24T22:00:00Z', '2026-10-25', 'midnight before the clocks go back'],
    ['2026-10-25T22:30:00Z', '2026-10-25', 'half past 23 after it'],
    ['2026-12-31T23:00:00Z', '2027-01-01', 'the new year'],
  ])('%s describes %s: %s', (instant, day) => {
    expect(dayOf(publication, new Date(instant))).toBe(day)
  })
})
