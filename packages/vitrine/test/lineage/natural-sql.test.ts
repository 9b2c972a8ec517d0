/** SQL as people write it: it is said, and runs on a real server, or its refusal names the way. What it reads is still followed. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestDatabase } from '../../../../test/database.ts'
import { problemsOf } from './judged.ts'

const LIST = "string_to_array(p.city, ',')"
const JSON_LIST = `cast('[{"a": 1, "b": {"c": "x"}}]' as jsonb)`

const SAID: readonly string[] = [
  'exists(select from public.team t where t.id = p.id)',
  'exists(select 1 from public.team as t where t.label = p.city)',
  `(select string_agg(x, ',') from unnest(${LIST}) as x)`,
  `(select string_agg(u.x || n, ',' order by n) from unnest(${LIST}) with ordinality as u(x, n))`,
  `(select sum(ordinality) from unnest(${LIST}) with ordinality as x)`,
  `(select max(a || b) from unnest(${LIST}, ${LIST}) as u(a, b))`,
  `(select max(e ->> 'a') from jsonb_array_elements(${JSON_LIST}) e)`,
  `(select max(key || value) from jsonb_each_text(${JSON_LIST} -> 0) e)`,
  `(select max(e.v) from jsonb_each_text(${JSON_LIST} -> 0) e(k, v))`,
  `(select sum(r.a) from jsonb_to_recordset(${JSON_LIST}) as r(a integer, b jsonb))`,
  '(select count(*) from generate_series(1, 3) as n where n > 1)',
  "(regexp_match(p.city, '(.)x'))[1]",
  "format('%s-%s', p.city, p.size)",
  "(regexp_split_to_array(p.city, ','))[1]",
  "date_trunc('month', p.founded)",
  "date_bin(interval '7 days', cast(p.founded as timestamp), timestamp '2024-01-01')",
  "to_char(p.founded, 'YYYY-MM')",
  "daterange(p.founded, null) && daterange(date '2024-01-01', date '2025-01-01')",
  'upper_inf(daterange(p.founded, null))',
  "age(p.founded, date '2000-01-01')",
  "host(cast('192.0.2.1' as inet))",
  "b'101' = b'101'",
  'percentile_cont(0.5) within group (order by p.size)',
  '(with recursive w(n) as (select 1 union all select n + 1 from w where n < 3) select max(n) from w)',
  "(with recursive w(a, b) as (select t.label, 'x' from public.team t union all select w.b, w.a from w where w.a <> 'x') select max(w.a) from w)",
  '(with recursive a as (select 1 as x), b as (select a.x from a) select max(b.x) from b)',
]

/** What is refused, and the words that help. */
const REFUSED: readonly (readonly [expression: string, words: string])[] = [
  ...['now()', 'current_date', 'current_timestamp(3)', 'localtime', 'clock_timestamp()', 'age(p.founded)'].map(
    (clock) => [clock, 'is another time in every run'] as const,
  ),
  ['random()', 'the function «random» is not known'],
  ['current_user', 'SQLValueFunction'],
  ['(select max(n) from pg_ls_dir(p.city) as n)', 'pg_ls_dir'],
  [`(select r.a from jsonb_to_recordset(${JSON_LIST}) as r(a regclass))`, 'regclass'],
  // It may give rows of a composite type, whose columns nobody knows.
  ['(select max(u.x) from public.unaccent(p.city) as u(x) where city = u.x)', '«u» that is not registered'],
  ['(select max(x) from unnest(public.unaccent(p.city)) as x)', '«x» that is not registered'],
  [`(select max(a) from unnest(${LIST}, ${LIST}) as u(a))`, '«u» that is not registered'],
]

/** A personal column, wherever rows pass it on. */
const LEAKS: readonly string[] = [
  '(select max(x) from unnest(array[p.name]) as x)',
  `(select max(r.a) from jsonb_to_recordset(jsonb_build_array(jsonb_build_object('a', p.name))) as r(a text))`,
  "(with recursive w(a, b, c) as (select q.name, 'x', 'y' from public.person q union all select w.c, w.a, w.b from w) select max(w.c) from w)",
  "(with recursive w(a, b, c, d) as (select 'x', 'y', 'z', 0 from public.team t union all select w.b, w.c, q.name, w.d + 1 from w join public.person q on q.id = 1 where w.d < 4) select max(w.a) from w)",
  "(with recursive w(a, d) as (select 'x', 0 union all select q.name, 1 from w join public.person q on q.id = 1 where w.a = 'x') select max(w.d) from w)",
  "(with recursive w(a) as (select 'x' union select q.name from w join public.person q on q.id = 1) select count(*) from w)",
]

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await TestDatabase.create(18, 'natural')
  client = await database.connect()
  await client.query(`
    create table person (id bigint, name text, city text, founded date, size integer);
    create table team (id bigint, label text, members integer);
    insert into person values (1, 'Anna', 'a,b', '2024-02-29', 3); insert into team values (1, 'l', 2)`)
})
afterAll(() => database.drop())

test.each(SAID)('%s', async (expression) => {
  expect(problemsOf(expression)).toEqual([])
  const { rows } = await client.query(
    `select ${expression} as x from public.person as p group by p.id, p.city, p.size, p.founded`,
  )
  expect(rows).toHaveLength(1)
})

test.each(REFUSED)('%s is refused', (expression, words) => {
  expect(problemsOf(expression).join()).toContain(words)
})

test.each(LEAKS)('%s: the name is found', (expression) => {
  expect(problemsOf(expression).join()).toMatch(
    /looks at the personal column|would publish the personal column person.name/,
  )
})
