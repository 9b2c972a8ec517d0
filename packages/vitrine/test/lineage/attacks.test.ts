/**
 * Attacks, made of what they are made of: each way to spell a value, at each position of a query, under each treatment. With a
 * personal column every one is refused; with an open column in its place the same query is accepted, so that the test says
 * something.
 */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { masked } from '../../src/index.ts'
import { isRefused, problemsOf, SPELLINGS } from './judged.ts'

/** Where a value decides which rows there are, or in which order. */
const POSITIONS: Readonly<Record<string, (value: string) => string>> = {
  where: (v) => `(select max(t.label) from team as t where t.label = ${v})`,
  having: (v) => `(select max(t.label) as m from team as t group by t.label, ${v} having ${v} = 'x' limit 1)`,
  'having alone': (v) => `(select max(t.label) as m from team as t having max(${v}) = 'x')`,
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
  'the frame of a window': (v) =>
    `(select max(l.a) from (select max(t.label) over (order by t.id rows length(${v}) preceding) as a from team as t) as l)`,
  'the end of a frame': (v) =>
    `(select max(l.a) from (select max(t.label) over (order by t.id rows between 1 preceding and length(${v}) following) as a from team as t) as l)`,
  'the number of rows of a function': (v) => `(select cast(count(*) as text) from public.unaccent(${v}) as u)`,
  'the number of rows': (v) => `(select cast(count(*) as text) from generate_series(1, length(${v})) as g)`,
  'the number of rows of a list': (v) =>
    `(select cast(count(*) as text) from (select unnest(array['x', ${v}]) as a) as l)`,
  'a named subquery that is only counted': (v) =>
    `(with w as (select t.label from team as t where t.label = ${v}) select cast(count(*) as text) from w)`,
}

describe.each(Object.entries(SPELLINGS))('a personal column %s', (_, spelled) => {
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
    expect(problemsOf(mask('city')).length > 0).toBe(spelled('city').includes('select'))
  })
})
