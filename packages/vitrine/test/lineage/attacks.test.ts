/**
 * Attacks, made of what they are made of: each way to spell a value, at each position of a query, under each treatment. With a
 * personal column every one is refused; with an open column in its place the same query is accepted, so that the test says
 * something.
 */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { band, category, compute, count, from, masked, measure, month, present, rows, year } from '../../src/index.ts'
import { checkOf, isRefused, problemsOf, source, tableOf } from './judged.ts'

/** Ways to write a text column of `person`, whose alias is `p`. */
const SPELLINGS: Readonly<Record<string, (column: string) => string>> = {
  plain: (c) => `p.${c}`,
  quoted: (c) => `"p"."${c}"`,
  'without its table': (c) => c,
  'through a function': (c) => `upper(p.${c})`,
  'through a function of an extension': (c) => `public.unaccent(p.${c})`,
  'through an operator': (c) => `('' || p.${c})`,
  'through a cast': (c) => `cast(p.${c} as varchar)`,
  'through a collation': (c) => `(p.${c} collate "C")`,
  'through case': (c) => `case when p.city = 'x' then p.${c} else 'y' end`,
  'through the condition of a case': (c) => `case when p.${c} = 'x' then 'y' else 'z' end`,
  'through an array': (c) => `(array[p.city, p.${c}])[2]`,
  'through a row': (c) => `cast(row(p.${c}, 1) as text)`,
  'through a document': (c) => `(jsonb_build_object('k', p.${c}) ->> 'k')`,
  'through nullif': (c) => `nullif(p.${c}, 'Smith')`,
  'through a scalar subquery': (c) => `(select q.${c} from person as q where q.id = p.id)`,
  'through a derived table': (c) => `(select l.z from (select q.${c} as z from person as q where q.id = p.id) as l)`,
  'through a lateral': (c) => `(select l.z from lateral (select p.${c} as z) as l)`,
  'through a named subquery': (c) => `(with w as (select q.${c} as z from person as q) select max(w.z) from w)`,
  'through new names of a subquery': (c) => `(select max(w.z) from (select q.${c} from person as q) as w(z))`,
  'through the second part of a union': (c) =>
    `(select max(n.z) from (select o.label as z, o.label as y from team as o union all select q.${c}, q.city from person as q) as n)`,
  'through values': (c) => `(select max(v.a) from lateral (values ('x'), (p.${c})) as v(a))`,
  'through an aggregate': (c) => `(select max(q.${c}) from person as q)`,
  'through an ordered aggregate': (c) =>
    `(select mode() within group (order by q.${c}) from person as q where q.id = p.id)`,
  'through an aggregate of texts': (c) => `(select string_agg(q.${c}, ',') from person as q)`,
  'through a window': (c) =>
    `(select max(w.z) from (select lag(q.${c}) over (order by q.city) as z from person as q) as w)`,
  'through exists': (c) => `cast(exists (select 1 from team as o where o.label = p.${c}) as text)`,
  'through in': (c) => `cast(p.city in (select q.${c} from person as q) as text)`,
  'through any': (c) => `cast('x' = any (array[p.${c}]) as text)`,
  'through a comparison': (c) => `cast(p.${c} between 'a' and 'b' as text)`,
  'through is null': (c) => `cast(p.${c} is null as text)`,
}

/** Where a value decides which rows there are, or in which order. */
const POSITIONS: Readonly<Record<string, (value: string) => string>> = {
  where: (v) => `(select max(t.label) from team as t where t.label = ${v})`,
  having: (v) => `(select max(t.label) as m from team as t group by t.label, ${v} having ${v} = 'x' limit 1)`,
  'group by': (v) => `(select max(t.label) as m from team as t group by ${v} limit 1)`,
  'group by a set': (v) =>
    `(select max(t.label) as m from team as t group by grouping sets ((t.label, ${v}), ()) limit 1)`,
  'a join': (v) => `(select max(t.label) from team as t join team as u on u.label = ${v})`,
  'order by': (v) => `(select t.label from team as t order by ${v} limit 1)`,
  'order by a position': (v) =>
    `(select max(l.a) from (select t.label as a, ${v} as b from team as t order by 2 limit 1) as l)`,
  'order by a name': (v) =>
    `(select max(l.a) from (select t.label as a, ${v} as b from team as t order by b limit 1) as l)`,
  distinct: (v) => `(select max(l.a) from (select distinct t.label as a, ${v} as b from team as t) as l)`,
  'distinct on': (v) => `(select max(l.a) from (select distinct on (${v}) t.label as a from team as t) as l)`,
  'distinct on a position': (v) =>
    `(select max(l.a) from (select distinct on (2) t.label as a, ${v} as b from team as t) as l)`,
  union: (v) => `(select max(l.a) from (select t.label as a, 'x' as b from team as t union select 'y', ${v}) as l)`,
  intersect: (v) => `(select max(l.a) from (select t.label as a from team as t intersect all select ${v}) as l)`,
  except: (v) => `(select max(l.a) from (select t.label as a from team as t except select ${v}) as l)`,
  'the filter of an aggregate': (v) => `(select max(t.label) filter (where ${v} = 'x') from team as t)`,
  'the order of an aggregate': (v) => `(select string_agg(t.label, ',' order by ${v}) from team as t)`,
  'a window': (v) =>
    `(select max(l.a) from (select first_value(t.label) over (partition by ${v}) as a from team as t) as l)`,
  'the order of a window': (v) =>
    `(select max(l.a) from (select lag(t.label) over w as a from team as t window w as (order by ${v})) as l)`,
  'the number of rows': (v) => `(select cast(count(*) as text) from generate_series(1, length(${v})) as g)`,
  'the number of rows of a list': (v) =>
    `(select cast(count(*) as text) from (select unnest(array['x', ${v}]) as a) as l)`,
  'a named subquery that is only counted': (v) =>
    `(with w as (select t.label from team as t where t.label = ${v}) select cast(count(*) as text) from w)`,
}

describe.each(Object.entries(SPELLINGS))('a personal column %s', (way, spelled) => {
  test('is no output, and chooses no rows', () => {
    for (const at of [(value: string) => value, ...Object.values(POSITIONS)]) {
      const refused = ['city', 'name', 'password'].map((column) => isRefused(at(spelled(column))))
      expect([at(spelled('name')), ...refused]).toEqual([at(spelled('name')), false, true, true])
    }
  })

  test('decides no mask', () => {
    const mask = (c: string) =>
      masked(sql.ref('p.name'), sql`${sql.raw(spelled(c))} is not distinct from 'x'`, '-', 'reason')
    expect(problemsOf(mask('name'))).not.toEqual([])
    // What `exists` looks at is no column of its own.
    if (way !== 'through exists') expect(problemsOf(mask('city'))).toEqual([])
  })
})

describe('a treatment takes the column itself', () => {
  const texts = Object.entries(SPELLINGS).filter(
    ([way]) => !/^(?:plain|quoted|without its table|through a (?:lateral|derived table))$/.test(way),
  )
  const dated = {
    plain: 'p.C',
    added: 'p.C + 1',
    cut: "date_trunc('day', p.C)",
    made: 'make_date(cast(extract(year from p.C) as integer), 1, 1)',
    least: "least(p.C, date '2000-01-01')",
    oldest: '(select min(q.C) from person as q)',
  }
  const counted = {
    plain: 'p.C',
    negative: '- p.C',
    sum: 'p.C + 1',
    rest: 'p.C % 100',
    least: 'least(p.C, 3)',
    largest: '(select max(q.C) from person as q)',
  }
  const raw = (text: string, column: string) => sql`${sql.raw(text.replaceAll('C', column))}` as never // sound because types do not matter here.
  const asText = (value: unknown) => sql`cast(${value} as text)`

  test.each(texts)('present and count: %s', (_, spelled) => {
    for (const treated of [present, count]) {
      expect(problemsOf(asText(treated(sql`${sql.raw(spelled('city'))}`)))).toEqual([])
      expect(problemsOf(asText(treated(sql`${sql.raw(spelled('name'))}`)))).not.toEqual([])
    }
  })
  test.each(Object.entries(dated))('year and month: %s', (way, text) => {
    for (const treated of [year, month]) {
      expect(problemsOf(asText(treated(raw(text, 'founded'))))).toEqual([])
      expect(problemsOf(asText(treated(raw(text, 'born')))).length === 0).toBe(way === 'plain')
    }
  })
  test.each(Object.entries(counted))('band: %s', (way, text) => {
    expect(problemsOf(band(raw(text, 'size'), [10]))).toEqual([])
    expect(problemsOf(band(raw(text, 'salary'), [10])).length === 0).toBe(way === 'plain')
  })
  test('also where the column comes through subqueries', () => {
    for (const way of ['plain', 'through a derived table', 'through a lateral']) {
      const column = SPELLINGS[way]?.('name').replace(/^\(select l.z from (.*)\)$/, '(select l.z from $1)') ?? ''
      const inside = column.startsWith('(')
        ? column.replace('select l.z', "select coalesce(cast(count(l.z) as text), '')")
        : asText(present(sql.raw(column)))
      expect(problemsOf(inside)).toEqual([])
    }
  })
})

describe('what a treatment may give is bounded', () => {
  const column = (name: string) => sql.ref(`p.${name}`) as never // sound because types do not matter here.
  const many = Array.from({ length: 65 }, (_, index) => `c${index}`)
  const bounded = (values: readonly string[], reason?: string) =>
    category({ n: column('name') }, values, () => 'c1', reason)
  const field = (to: number, reason?: string) =>
    measure({ n: column('name') }, { f: { from: 1, to } }, () => ({ f: 1 }), reason).field('f')
  const lost = { ...bounded(['a']), values: null }
  const other = measure({ n: column('name') }, { k: 'boolean' }, () => ({ k: true })).field('n' as never)

  test.each<[string, unknown, string | null]>([
    ['a list of 64', bounded(many.slice(1)), null],
    ['a list of 65', bounded(many), 'more than 64 values may come out of it'],
    ['a list of 65 with a blank reason', bounded(many, ' '), 'more than 64 values may come out of it'],
    ['a list of 65 with a reason', bounded(many, 'departments'), null],
    ['a list that a copy lost', lost, 'nothing says what may come out of it'],
    ['a range in a column that holds fractions', field(2), 'nothing says what may come out of it'],
    ['a field that was not declared', other, 'nothing says what may come out of it'],
    [
      'bands of one',
      band(
        column('salary'),
        Array.from({ length: 32 }, (_, index) => index),
      ),
      '«band»: it has more than 32 bands',
    ],
    ...[['1e9 then password when 1=1'], [2, 1], [1.5], [Number.NaN], []].map((bounds): [string, unknown, string] => [
      `the bounds ${bounds}`,
      band(column('salary'), bounds as readonly number[]),
      '«band»: its bounds are not whole numbers in ascending order',
    ]),
    ['a zone that is SQL', sql`cast(${year(column('born'), "x', (select 1)) + length(p.name")} as text)`, null],
  ])('%s', async (_, value, problem) => {
    const problems = await checkOf(tableOf(value))
    expect(problems).toEqual(problem === null ? [] : [`t.x: ${problem}`])
  })

  test('the rule about rows reads no secret', async () => {
    const read = compute({ pw: sql<string>`p.password` }, () => ({ r: 'yes' as const }))
    const { columns: [id] = [] } = tableOf("'x'")
    const table = from(source.selectFrom('person as p')).publish('t', 'T', () =>
      rows({ unknown: read.field('r', ['yes']) }, {}),
    )
    const problems = await checkOf({ ...table, columns: id === undefined ? [] : [id] })
    expect(problems).toEqual(['t (reasons): it would publish the secret column person.password untreated'])
  })

  test('raw SQL in a place where Kysely expects a word', () => {
    const unary = sql`${sql.raw('(select max(password) from person) ||')} ${sql.ref('p.city')}`
    expect(problemsOf(unary)).not.toEqual([])
    expect(
      problemsOf(
        sql`case when ${present(sql`1 as text),'') <> '' then ${sql.ref('p.name')} when coalesce(cast(1`)} then 'a' else 'b' end`,
      ),
    ).not.toEqual([])
  })
})
