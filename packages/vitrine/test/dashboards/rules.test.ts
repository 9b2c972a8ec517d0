/** Every rule by which a dashboard is refused, by an example that it alone refuses; a rule without one does not compile. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { checkDashboards } from '../../src/dashboards/dashboard-check.ts'
import { DASHBOARD_RULES, type DashboardRule } from '../../src/dashboards/dashboard-rules.ts'
import { bigint, count, dashboard, date, from, integer, over, question, withDashboards } from '../../src/index.ts'
import type { Dashboard, Question, Tile } from '../../src/publication/dashboard.ts'
import type { Publication } from '../../src/publication/publication.ts'
import { customer, filter, funnel, indicator, listing, purchase, query, select, shop, TEAM } from './shop-questions.ts'

const purchases = query({ from: 'purchase', measures: { n: { count: 'rows' } } })
const sound = question({
  key: 'purchases',
  title: 'Purchases',
  description: 'All of them.',
  query: purchases,
  display: { kind: 'number', value: 'n' },
})
/** What a publication in JavaScript could say. */
const asked = (changes: object): Question => ({ ...sound, ...changes })
const shown = (given: Partial<Dashboard>, ...tiles: readonly Tile[]): Dashboard => ({
  ...dashboard({ key: 'shop', title: 'Shop', description: 'The shop.', collection: TEAM, rows: [tiles] }),
  ...given,
})
const one = (changes: object): Dashboard => shown({}, { question: asked(changes) })
const bar = { kind: 'bar', x: 'g', y: ['n'] }
const grouped = (by: unknown) => ({
  query: { ...purchases, by: { g: by } },
  display: bar,
})
const inSql = (write: Parameters<typeof select>[0], display: object = { kind: 'number', value: 'n' }) => ({
  query: select(write),
  display,
})
const counted = sql<number>`count(*)`.as('n')
const MONTH = { time: 'sold_at', unit: 'month' } as const
const customers = over(customer).selectFrom('customer as c')
const eachCustomer = from(customers).publish('each_customer', 'A customer again.', ({ ref }) => ({
  id: bigint(ref('c.id'), 'Key').primaryKey(),
}))
const perDay = (having: string) =>
  from(customers.groupBy('c.since').having(sql<boolean>`${sql.raw(having)}`)).publish(
    'per_day',
    'Customers of a day.',
    ({ ref }) => ({ since: date(ref('c.since'), 'Since').primaryKey(), customers: integer(count(), 'How many') }),
  )
const perPurchase = from(
  over(customer, purchase).selectFrom('purchase as p').innerJoin('customer as c', 'c.id', 'p.customer_id'),
).publish('per_purchase', 'A purchase, and who made it.', ({ ref }) => ({
  id: bigint(ref('p.id'), 'Key').primaryKey(),
  since: date(ref('c.since'), 'Since'),
}))
const bySize = filter({ key: 'size', label: 'Size', kind: 'number', on: { purchase: 'customer_id.size' } })

/** By rule: a dashboard, or what is changed of a sound question, and the words of the problem. */
const EXAMPLES: Readonly<Record<DashboardRule, readonly [wrong: object, words?: readonly string[]]>> = {
  table: [{ query: { ...purchases, from: 'sale' } }, ['sale']],
  column: [{ query: { ...purchases, where: [['total', '=', 1]] } }, ['total', 'purchase']],
  value: [{ query: { ...purchases, where: [['customer_id.level', '=', 'top']] } }, ['customer_id.level']],
  moment: [{ query: { ...purchases, where: [['sold_at', '>', 'today']] } }, ['sold_at']],
  operator: [{ query: { ...purchases, where: [['amount', '= 1 or', 1]] } }, ['= 1 or']],
  steps: [
    grouped({
      band: 'amount',
      at: [
        [10, 'many'],
        [0, 'few'],
      ],
    }),
    ['g'],
  ],
  kind: [{ query: { ...purchases, measures: { n: { sum: 'sold_at' } } } }, ['sold_at', 'number']],
  measures: [{ query: { ...purchases, measures: {}, by: { n: 'amount' } } }],
  other: [
    {
      query: {
        ...purchases,
        measures: {
          n: indicator({
            title: 'Customers',
            definition: 'All.',
            unit: 'customers',
            from: 'customer',
            measure: { count: 'rows' },
          }),
        },
      },
    },
    ['Customers', 'customer'],
  ],
  meaning: [
    {
      query: {
        ...purchases,
        measures: { n: { title: 'N', definition: '', unit: 'u', from: 'purchase', measure: { count: 'rows' } } },
      },
    },
    ['n'],
  ],
  order: [{ query: { ...purchases, order: [['total', 'asc']] } }, ['total']],
  cumulative: [{ query: { ...purchases, measures: { n: { cumulative: { count: 'rows' } } } } }],
  text: [inSql(({ db }) => db.selectFrom('purchase as p').where('p.amount', '=', Number.NaN).select(counted))],
  sql: [
    inSql(({ db }) => db.selectFrom('purchase as p').select(sql<number>`sum(p.total)`.as('n'))),
    ['the column «p.total» is not among the published tables'],
  ],
  clock: [inSql(({ db }) => db.selectFrom('purchase as p').where(sql<boolean>`p.sold_at > now()`).select(counted))],
  denominator: [{ query: { ...purchases, measures: { n: { percent: [['amount', '>', 1]] } } } }, ['n']],
  unknown: [{ query: { ...purchases, measures: { n: { sum: 'customer_id.size' } } } }, ['n']],
  unlabelled: [grouped({ column: 'customer_id.level' }), ['g']],
  progress: [{ ...grouped(MONTH), display: { kind: 'line', x: 'g', y: ['n'] } }, ['g']],
  bands: [grouped({ column: 'customer_id.city', unknown: 'unknown' }), ['g']],
  smallest: [
    {
      query: query({
        from: 'customer',
        measures: { n: { count: 'rows' } },
        by: { g: { column: 'level', unknown: '?' } },
      }),
      display: bar,
    },
    ['5'],
  ],
  persons: [{ query: listing({ from: 'customer', columns: { n: 'since' }, limit: 9 }), display: { kind: 'table' } }],
  'persons in a view': [{ views: [eachCustomer] }, ['each_customer', '5']],
  limit: [{ ...grouped('amount'), display: { kind: 'table' } }],
  slices: [
    { ...grouped({ column: 'customer_id.city', unknown: '?' }), display: { kind: 'pie', label: 'g', value: 'n' } },
  ],
  display: [{ display: { kind: 'sunburst', value: 'n' } }, ['sunburst']],
  shown: [{ display: { kind: 'number', value: 'm' } }, ['m']],
  called: [{ columns: { n: { label: 'N', names: { a: ' ' } } } }, ['a', 'n']],
  means: [{ columns: { n: { label: 'N', means: 'finished' } } }, ['finished', 'n']],
  labelled: [{ columns: { m: { label: 'M' } } }, ['m']],
  pivot: [
    {
      query: listing({ from: 'purchase', columns: { n: 'amount' }, limit: 9 }),
      display: { kind: 'pivot', rows: ['n'], columns: [], values: [] },
    },
  ],
  trend: [{ ...grouped('amount'), display: { kind: 'trend', time: 'g', value: 'n' } }],
  long: [{ title: '🛍️'.repeat(128) }],
  untold: [{ description: ' ' }],
  key: [{ key: 'Ventes du mois' }, ['Ventes du mois']],
  twice: [shown({}, { question: sound }, { question: { ...sound } }), ['purchases']],
  empty: [shown({ tabs: [{ name: 'Shop', rows: [] }] }), ['Shop']],
  overflow: [shown({}, { question: sound, span: 25 }), ['the question «purchases»']],
  overlap: [
    shown({}, { heading: 'A', span: 6 }, { question: sound, at: { x: 4, y: 0, width: 6, height: 3 } }),
    ['the question «purchases»', 'the heading «A»'],
  ],
  public: [shown({ audience: 'public' }, { question: sound }), ['purchases']],
  'filter column': [
    shown({ filters: [{ ...bySize, on: { purchase: 'weight' } }] }, { question: sound }),
    ['size', 'weight', 'purchase'],
  ],
  unmapped: [
    shown(
      { filters: [bySize] },
      { question: sound },
      { question: asked({ key: 'customers', query: query({ from: 'customer', measures: { n: { count: 'rows' } } }) }) },
    ),
    ['size', 'customers'],
  ],
  useless: [shown({ filters: [bySize] }, { heading: 'A' }), ['size']],
  'no filter': [
    one(
      inSql(({ db, filter }) =>
        db
          .selectFrom('purchase as p')
          .where(({ ref }) => filter('amount', ref('p.amount'), 'purchase.amount'))
          .select(counted),
      ),
    ),
    ['amount', 'purchases'],
  ],
  option: [shown({ filters: [{ ...bySize, options: ['1', '2'], default: 3 }] }, { question: sound }), ['size']],
  linked: [shown({ filters: [{ ...bySize, linkedTo: ['city'] }] }, { question: sound }), ['size', 'city']],
}

const problemsOf = async (wrong: object): Promise<readonly string[]> => {
  const board = 'tabs' in wrong ? (wrong as Dashboard) : one(wrong)
  const { views = shop.views } = wrong as Partial<Publication>
  const { problems } = await checkDashboards(withDashboards({ ...shop, views }, [board]))
  return problems.map(({ detail, remedy }) => {
    expect(remedy).not.toBe('')
    return detail
  })
}

test('a sound dashboard is accepted', async () => {
  expect(await problemsOf(shown({ filters: [bySize] }, { question: sound }, { text: 'Sound.' }))).toEqual([])
})

describe('each rule', () => {
  test.each(Object.entries(EXAMPLES))('%s', async (rule, [wrong, words = []]) => {
    // sound because the entries are those of a record of all rules.
    const { says }: { says(...given: readonly string[]): string } = DASHBOARD_RULES[rule as DashboardRule]
    expect(await problemsOf(wrong)).toEqual([says(...words)])
  })
})

/** Other ways to the same mistake. */
test.each<[string, DashboardRule, object]>([
  [
    'a rate in SQL without the number behind it',
    'denominator',
    {
      ...inSql(({ db }) => db.selectFrom('purchase as p').select(counted)),
      columns: { n: { label: 'N', format: { kind: 'percent' } } },
    },
  ],
  [
    'a sum of unknown values in SQL',
    'unknown',
    inSql(({ db }) => db.selectFrom('customer as c').select(sql<number>`sum(c.size + 1)`.as('n'))),
  ],
  [
    'a group of NULL in SQL',
    'unlabelled',
    inSql(
      ({ db }) =>
        db
          .selectFrom('purchase as p')
          .innerJoin('customer as c', 'c.id', 'p.customer_id')
          .groupBy('c.level')
          .having(sql<boolean>`count(*) >= 5`)
          .select(['c.level as g', counted])
          .orderBy('g'),
      bar,
    ),
  ],
  [
    'groups in SQL without an order',
    'bands',
    inSql(({ db }) => db.selectFrom('purchase as p').groupBy('p.amount').select(['p.amount as g', counted]), bar),
  ],
  [
    'small groups of persons in SQL',
    'smallest',
    inSql(
      ({ db }) => db.selectFrom('customer as c').groupBy('c.since').select(['c.since as g', counted]).orderBy('g'),
      bar,
    ),
  ],
  [
    'persons one by one in SQL',
    'persons',
    inSql(({ db }) => db.selectFrom('customer as c').select('c.since as n').limit(9), { kind: 'table' }),
  ],
  [
    'persons one by one, beside rows that refer to them',
    'persons',
    {
      query: listing({ from: 'purchase', columns: { n: 'amount', since: 'customer_id.since' }, limit: 9 }),
      display: { kind: 'table' },
    },
  ],
  ...["string_agg(c.city, ',')", 'any_value(c.city)', 'jsonb_agg(c.city)'].map(
    (list): [string, DashboardRule, object] => [
      `persons one by one in the cells of large groups: ${list}`,
      'persons',
      inSql(
        ({ db }) =>
          db
            .selectFrom('customer as c')
            .groupBy('c.since')
            .having(sql<boolean>`count(*) >= 5`)
            .select(['c.since as g', sql<number>`${sql.raw(list)}`.as('n')])
            .orderBy('g'),
        bar,
      ),
    ],
  ),
  ...[
    "string_agg(cast(c.since as text), ',')",
    'array_agg(c.since)',
    "count(*) || string_agg(cast(c.since as text), ',')",
  ].map((list): [string, DashboardRule, object] => [
    `persons one by one in one cell: ${list}`,
    'persons',
    inSql(({ db }) => db.selectFrom('customer as c').select(sql<number>`${sql.raw(list)}`.as('n')), {
      kind: 'number',
      value: 'n',
    }),
  ]),
  [
    'the day of today as a word of SQL',
    'clock',
    inSql(({ db }) => db.selectFrom('purchase as p').where(sql<boolean>`p.sold_at > current_date`).select(counted)),
  ],
  [
    'a step of a funnel',
    'column',
    {
      query: {
        ...funnel({ from: 'purchase', step: 's', value: 'n', steps: [] }),
        steps: [['a', [['total', 'is null']]]],
      },
      display: { kind: 'funnel', step: 's', value: 'n' },
    },
  ],
])('%s', async (_, rule, wrong) => {
  const { says }: { says(...given: readonly string[]): string } = DASHBOARD_RULES[rule]
  const problems = await problemsOf(wrong)
  // The words that a rule puts between its own are those of its example above.
  const pattern = says('(.+)', '(.+)').replaceAll(/[.?]/g, (mark) => (mark === '?' ? '\\?' : mark))
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^${pattern}$`))])
})

const since = (limit: string) =>
  problemsOf(
    inSql(({ db }) =>
      db
        .selectFrom('purchase as p')
        .where(sql<boolean>`p.sold_at > ${sql.raw(limit)}`)
        .select(counted),
    ),
  )

test.each([
  ...['now()', '"now"()', 'pg_catalog.now()', 'clock_timestamp()', 'statement_timestamp()', 'transaction_timestamp()'],
  ...[
    'current_date',
    'current_timestamp',
    'localtimestamp',
    "'now'",
    "' Today 12:00'::timestamptz",
    "date 'yesterday'",
  ],
  "(timestamptz '2026-01-01' - age(p.sold_at))",
])('%s is the time of now', async (limit) => {
  expect(await since(limit)).toEqual([DASHBOARD_RULES.clock.says()])
})
test.each(["timestamptz '2026-01-01'", "timestamptz '2026-01-01' - age(p.sold_at, p.sold_at)"])(
  '%s is not',
  async (limit) => {
    expect(await since(limit)).toEqual([])
  },
)

test.each<[string, boolean]>([
  ['(select sum(c.size) as n from shop.customer as c)', true],
  ['(select coalesce(sum(c.size), 0) as n from shop.customer as c)', true],
  ['(select sum(case when c.id > 1 then c.size end) as n from shop.customer as c)', true],
  ['(select sum(s.x) as n from (select c.size + 1 as x from shop.customer as c) as s)', true],
  ['(with w as (select max(c.size) as y from shop.customer as c group by c.since) select sum(w.y) as n from w)', true],
  ['(select sum(c.size) filter (where c.size is not null) as n from shop.customer as c)', false],
  ['(select sum(coalesce(c.size, 0)) as n from shop.customer as c)', false],
  ['(select sum(case when c.size > 1 then 1 else 0 end) as n from shop.customer as c)', false],
  ['(select sum(s.x) as n from (select count(c.size) as x from shop.customer as c) as s)', false],
])('%s takes unknown for zero: %s', async (query, isSilent) => {
  const asking = inSql(({ db }) =>
    db.selectFrom(sql<{ n: number }>`${sql.raw(query)}`.as('q')).select((eb) => eb.fn.max('q.n').as('n')),
  )
  expect((await problemsOf(asking)).length).toBe(isSilent ? 1 : 0)
})

test.each([
  ['count(*) >= 5', true],
  ['count(*) > 4 and bool_or(c.size > 1)', true],
  ['count(*) >= 4', false],
  ['count(*) >= 5 or true', false],
  ['count(c.city) >= 5', false],
  ['count(*) filter (where true) <= 5', false],
  ['sum(c.id) >= 5', false],
])('having %s leaves small groups of persons out: %s', async (having, isEnough) => {
  const asking = inSql(
    ({ db }) =>
      db
        .selectFrom('customer as c')
        .groupBy('c.since')
        .having(sql<boolean>`${sql.raw(having)}`)
        .select(['c.since as g', counted])
        .orderBy('g'),
    bar,
  )
  expect(await problemsOf(asking)).toEqual(isEnough ? [] : [DASHBOARD_RULES.smallest.says('5')])
})

test('a view of persons is one of their tables, or shows groups that are large enough', async () => {
  const told = (...views: Publication['views']) => problemsOf({ views })
  expect(await told(perDay('count(*) >= 5'))).toEqual([])
  expect(await told(perDay('count(*) >= 4'))).toEqual([DASHBOARD_RULES['persons in a view'].says('per_day', '5')])
  expect(await told(perPurchase)).toEqual([DASHBOARD_RULES['persons in a view'].says('per_purchase', '5')])
  const persons = { ...shop.persons, tables: [...shop.persons.tables, eachCustomer.name] }
  const named = { ...shop, views: [eachCustomer], persons }
  expect((await checkDashboards(named)).problems).toEqual([])
  expect((await checkDashboards({ ...named, persons: shop.persons })).problems).toHaveLength(1)
})

test('all mistakes are said at once', async () => {
  const wrong = asked({
    title: '',
    query: {
      ...purchases,
      where: [
        ['a', '=', 1],
        ['b', '=', 1],
      ],
      measures: { n: { sum: 'customer_id.size' } },
    },
  })
  expect((await problemsOf(shown({ description: '' }, { question: wrong, span: 30 }))).length).toBe(6)
})

test('a text in the order of the alphabet is one that somebody has asked for', async () => {
  const { query: unordered, ...shown } = grouped({ column: 'customer_id.city', unknown: 'unknown' })
  expect(await problemsOf({ ...shown, query: { ...unordered, order: [['g', 'asc']] } })).toEqual([])
})
