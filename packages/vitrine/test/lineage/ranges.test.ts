/** Which queries are read by ranges: only those whose rows PostgreSQL itself would divide by the place of one relation's rows. */
import { sql as raw } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestDatabase } from '../../../../test/database.ts'
import { bigint, count, from, integer, open, type PublishedTable, register, text } from '../../src/index.ts'
import { AGGREGATES, FUNCTIONS } from '../../src/lineage/known-sql.ts'
import { loadParser } from '../../src/lineage/parse.ts'
import { rangedTexts, rootsOf } from '../../src/lineage/range-proof.ts'
import { projectionOf } from '../../src/publication/select-text.ts'

const columns = { id: open.bigint, parent_id: open.bigint.nullable, n: open.integer, label: open.text }
const source = register('public', { thing: columns, part: columns, other: columns })
const things = source.selectFrom('thing as t')
const id = (alias: string) => bigint(raw<bigint>`${raw.ref(alias)}.id`, 'Key').primaryKey()

/** Each with the relations by which it may be read. */
const QUERIES: Readonly<Record<string, readonly [PublishedTable, readonly string[]]>> = {
  'one table': [from(things).publish('x', 'X', () => ({ id: id('t') })), ['t']],
  'a condition that is a choice': [
    from(things.where(raw<boolean>`t.n = 1 or t.n = 2`)).publish('x', 'X', () => ({ id: id('t') })),
    ['t'],
  ],
  'two conditions': [
    from(things.where('t.n', '>', 0).where('t.n', '<', 5)).publish('x', 'X', () => ({ id: id('t') })),
    ['t'],
  ],
  'an inner join': [
    from(things.innerJoin('part as p', 'p.parent_id', 't.id')).publish('x', 'X', () => ({ id: id('p') })),
    ['t', 'p'],
  ],
  'a left join': [
    from(things.leftJoin('part as p', 'p.parent_id', 't.id')).publish('x', 'X', () => ({ id: id('t') })),
    ['t'],
  ],
  'a right join': [
    from(things.rightJoin('part as p', 'p.parent_id', 't.id')).publish('x', 'X', () => ({ id: id('p') })),
    ['p'],
  ],
  'a full join': [
    from(things.fullJoin('part as p', 'p.parent_id', 't.id')).publish('x', 'X', () => ({
      n: integer(raw<number>`1`, 'N'),
    })),
    [],
  ],
  'a lateral with an aggregate of its own': [
    from(
      things.leftJoinLateral(
        (lateral) =>
          lateral.selectFrom('part as p').whereRef('p.parent_id', '=', 't.id').select(count().as('n')).as('c'),
        (join) => join.onTrue(),
      ),
    ).publish('x', 'X', () => ({ id: id('t') })),
    ['t'],
  ],
  'a count over children': [
    from(things).publish('x', 'X', ({ selectFrom }) => ({
      id: id('t'),
      n: integer(
        selectFrom('part as p').whereRef('p.parent_id', '=', 't.id').select(count().as('n')).$asScalar().$notNull(),
        'N',
      ),
    })),
    ['t'],
  ],
  'distinct rows': [from(things.distinct()).publish('x', 'X', () => ({ id: id('t') })), []],
  groups: [from(things.groupBy('t.id')).publish('x', 'X', () => ({ id: id('t') })), []],
  'the first rows': [from(things.orderBy('t.id').limit(5)).publish('x', 'X', () => ({ id: id('t') })), []],
  'an order': [from(things.orderBy('t.id')).publish('x', 'X', () => ({ id: id('t') })), []],
  'an aggregate': [from(things).publish('x', 'X', () => ({ n: integer(raw<number>`max(t.n)`, 'N') })), []],
  'an aggregate inside of a value': [
    from(things).publish('x', 'X', () => ({ n: integer(raw<number>`coalesce(max(t.n), 0)`, 'N') })),
    [],
  ],
  'an aggregate of the query around it': [
    from(things).publish('x', 'X', () => ({
      n: integer(raw<number>`(select max(t.n) from public.part p limit 1)`, 'N'),
    })),
    [],
  ],
  'an aggregate of both queries, which is the inner one': [
    from(things).publish('x', 'X', () => ({
      id: id('t'),
      n: integer(raw<number>`(select max(p.n + t.n) from public.part p)`, 'N'),
    })),
    ['t'],
  ],
  'a window': [
    from(things).publish('x', 'X', () => ({ id: id('t'), n: integer(raw<number>`row_number() over ()`, 'N') })),
    [],
  ],
  'a function that nobody knows': [
    from(things).publish('x', 'X', () => ({ n: integer(raw<number>`mine(t.n)`, 'N') })),
    [],
  ],
  'rows of a function': [
    from(things).publish('x', 'X', () => ({ n: integer(raw<number>`unnest(array[t.n, 1])`, 'N') })),
    ['t'],
  ],
  'a named subquery': [
    from(source.with('c', (named) => named.selectFrom('part as p').select(['p.id as id'])).selectFrom('c')).publish(
      'x',
      'X',
      () => ({ id: id('c') }),
    ),
    [],
  ],
}

let database: TestDatabase
beforeAll(async () => {
  database = await TestDatabase.create(18, 'ranges')
  await database.ask(`
    create table thing (id bigint primary key, parent_id bigint, n integer not null, label text not null) partition by hash (id);
    create table thing_1 partition of thing for values with (modulus 2, remainder 0);
    create table thing_2 partition of thing for values with (modulus 2, remainder 1);
    create table part (like thing); create table other (like thing);
    insert into thing select g, nullif(g % 7, 0), g % 5, repeat('x', 200) from generate_series(1, 300) g;
    insert into part select g, 1 + g % 400, g % 3, repeat('y', 100) from generate_series(1, 200) g;`)
})
afterAll(() => database.drop())

test.each(Object.entries(QUERIES))('%s', async (_, [table, expected]) => {
  const parser = await loadParser()
  const projection = projectionOf(table)
  const roots = rootsOf(parser, projection, source)
  expect(roots.map(({ alias }) => alias)).toEqual(expected)
  const client = await database.connect()
  const rowsOf = async (sql: string) =>
    (await client.query({ text: sql, rowMode: 'array' })).rows.map((row) => JSON.stringify(row))
  for (const root of roots) {
    const texts = await rangedTexts(table, projection, { alias: root.alias, firstBlocks: [2, 3, 6] }, null)
    expect(texts).toHaveLength(4)
    const parts = await Promise.all(texts.map(rowsOf))
    expect(parts.filter((rows) => rows.length > 0).length).toBeGreaterThan(1)
    expect(parts.flat().sort()).toEqual((await rowsOf(projection.sql)).sort())
  }
  await database.close(client)
})

test('what a range would read besides its own rows is known', async () => {
  const parser = await loadParser()
  const table = from(
    things
      .leftJoin('part as p', 'p.parent_id', 't.id')
      .leftJoin('thing as u', 'u.id', 't.parent_id')
      .where(raw<boolean>`t.n in (select o.n from public.other o)`)
      .where(raw<boolean>`exists (select from public.other o where o.id = t.id)`),
  ).publish('x', 'X', () => ({ id: id('t'), label: text(raw<string>`t.label`, 'L') }))
  expect(rootsOf(parser, projectionOf(table), source)).toEqual([
    { alias: 't', table: 'thing', besides: ['part', 'thing', 'other'] },
  ])
})

test('what PostgreSQL takes for an aggregate or a window function is one here', async () => {
  const client = await database.connect()
  const { rows } = await client.query<{ name: string }>(
    `select distinct proname as name from pg_proc where pronamespace = 'pg_catalog'::regnamespace and prokind in ('a', 'w')
     and proname = any ($1)`,
    [[...FUNCTIONS]],
  )
  await database.close(client)
  expect(rows.map(({ name }) => name).filter((name) => !AGGREGATES.has(name))).toEqual([])
})
