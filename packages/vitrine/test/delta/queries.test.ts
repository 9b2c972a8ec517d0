/**
 * Keys of every type and queries of every kind: what can be told row by row is a delta, what cannot is full, and both publish
 * what a full night would. Between the nights everything changes that a row may depend on besides itself.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import {
  bigint,
  boolean,
  count,
  date,
  from,
  type Instant,
  integer,
  type LocalDate,
  open,
  type PublishedTable,
  register,
  smallint,
  sql,
  text,
  timestamptz,
  uuid,
  varchar,
} from '../../src/index.ts'
import type { Columns } from '../../src/publication/table.ts'
import { Nights } from './nights.ts'

const COLUMNS = {
  id: open.bigint,
  small: open.smallint,
  number: open.integer,
  code: open.varchar(40),
  words: open.text,
  guid: open.uuid,
  seen: open.timestamptz,
  day: open.date,
  amount: open.numeric.nullable,
}
const CHILD = { id: open.bigint, parent: open.bigint, label: open.text }
const source = register(
  'public',
  { thing: COLUMNS, child: CHILD, looked: COLUMNS },
  { functions: { 'public.shout': 'on its argument alone' }, derived: { looked: 'a test' } },
)

const things = () => source.selectFrom('thing as t')
const publishing = () => from(things())
type Given = Parameters<Parameters<ReturnType<typeof publishing>['publish']>[2]>[0]
type Make = (name: string) => PublishedTable
const table =
  (columns: (given: Given) => Columns, query = things()): Make =>
  (name) =>
    from(query).publish(name, 'A table.', columns)
const key = ({ ref }: Given) => bigint(ref('t.id'), 'Key').primaryKey()
/** One column of that SQL beside the key. */
const written = (value: string) =>
  table((given) => ({
    id: key(given),
    v: text(sql<string | null>`cast(${sql.raw(value)} as text)`, 'Value').nullable(),
  }))
const filtered = (condition: string) =>
  table(
    (given) => ({ id: key(given), words: text(given.ref('t.words'), 'Words') }),
    things().where(sql<boolean>`${sql.raw(condition)}`),
  )
const children = () => sql`(select count(*) from public.child as c where c.parent = t.id)`

const KEYS: Readonly<Record<string, Make>> = {
  key_smallint: table(({ ref }) => ({
    k: smallint(ref('t.small'), 'Key').primaryKey(),
    w: text(ref('t.words'), 'Words'),
  })),
  key_integer: table(({ ref }) => ({
    k: integer(ref('t.number'), 'Key').primaryKey(),
    w: text(ref('t.words'), 'Words'),
  })),
  key_varchar: table(({ ref }) => ({
    k: varchar(40, ref('t.code'), 'Key').primaryKey(),
    w: text(ref('t.words'), 'Words'),
  })),
  key_text: table(({ ref }) => ({ k: text(ref('t.code'), 'Key').primaryKey(), w: text(ref('t.words'), 'Words') })),
  key_uuid: table(({ ref }) => ({ k: uuid(ref('t.guid'), 'Key').primaryKey(), w: text(ref('t.words'), 'Words') })),
  key_of_two: table(({ ref }) => ({
    w: text(ref('t.words'), 'Words'),
    k: varchar(40, ref('t.code'), 'Key').primaryKey(),
    l: smallint(ref('t.small'), 'Key').primaryKey(),
  })),
  key_of_four: table(({ ref }) => ({
    a: uuid(ref('t.guid'), 'Key').primaryKey(),
    b: integer(ref('t.number'), 'Key').primaryKey(),
    c: text(ref('t.code'), 'Key').primaryKey(),
    d: bigint(ref('t.id'), 'Key').primaryKey(),
    w: text(ref('t.words'), 'Words'),
  })),
  key_alone: table((given) => ({ id: key(given) })),
}

const ROW_BY_ROW: Readonly<Record<string, Make>> = {
  plain: table((given) => ({
    id: key(given),
    words: text(given.ref('t.words'), 'Words'),
    seen: timestamptz(given.ref('t.seen'), 'Seen'),
  })),
  of_texts: written("upper(t.words) || lower(t.code) || coalesce(nullif(t.code, 'c3'), 'none')"),
  of_numbers: written("case when t.amount > 10 then 'much' when t.amount is null then 'unknown' else 'little' end"),
  of_pattern: filtered("t.words like 'word %' and t.number between 1 and 50"),
}

/** Rows that are made of rows of two tables, which are tied to the key. */
const TIED: Readonly<Record<string, Make>> = {
  counting: table((given) => ({ id: key(given), n: bigint(sql<bigint>`${children()}`, 'Children') })),
  existing: filtered('exists (select from public.child as c where c.parent = t.id)'),
  joined: (name) =>
    from(
      source
        .selectFrom('thing as t')
        .leftJoin('child as c', (join) => join.onRef('c.parent', '=', 't.id').on('c.label', '=', 'first')),
    ).publish(name, 'Joined.', ({ ref }) => ({
      id: bigint(ref('t.id'), 'Key').primaryKey(),
      label: text(ref('c.label'), 'Label').nullable(),
    })),
  grouped: (name) =>
    from(source.selectFrom('child as c').groupBy('c.parent')).publish(name, 'Grouped.', ({ ref, fn }) => ({
      parent: bigint(ref('c.parent'), 'Key').primaryKey(),
      n: integer(count(), 'Number'),
      last: text(fn.max('c.label'), 'Last'),
    })),
}

/** What cannot be told of one changed row, so that the other table must not have changed. */
const WHOLE: Readonly<Record<string, Make>> = {
  among: filtered('t.id in (select c.parent from public.child as c)'),
}

/** What depends on more than the rows. */
const NOT: Readonly<Record<string, Make>> = {
  key_date: table(({ ref }) => ({ k: date(ref('t.day'), 'Key').primaryKey(), w: text(ref('t.words'), 'Words') })),
  key_timestamptz: table(({ ref }) => ({
    k: timestamptz(ref('t.seen'), 'Key').primaryKey(),
    w: text(ref('t.words'), 'Words'),
  })),
  distinct: (name) =>
    from(source.selectFrom('child as c').distinctOn('c.parent').orderBy('c.parent').orderBy('c.label', 'desc')).publish(
      name,
      'Distinct.',
      ({ ref }) => ({
        parent: bigint(ref('c.parent'), 'Key').primaryKey(),
        label: text(ref('c.label'), 'Label'),
      }),
    ),
  first_ones: table(
    (given) => ({ id: key(given), words: text(given.ref('t.words'), 'Words') }),
    things().orderBy('t.words').limit(9),
  ),
  windowed: written('row_number() over (order by t.words)'),
  view: (name) =>
    from(source.selectFrom('looked as t')).publish(name, 'A view.', (given) => ({
      id: key(given as never),
      words: text(given.ref('t.words'), 'Words'),
    })),
  of_the_team: written('public.shout(t.words)'),
  of_today: table((given) => ({
    id: key(given),
    past: boolean(sql<boolean>`${given.ref('t.day')} < cast('today' as date)`, 'Past'),
  })),
  of_now_in_a_row: table((given) => ({
    id: key(given),
    day: date(sql<LocalDate>`cast(case when t.id > 0 then 'tod' || 'ay' end as date)`, 'Day'),
  })),
  of_words_that_are_dates: table((given) => ({
    id: key(given),
    day: timestamptz(sql<Instant>`cast(replace(t.words, t.words, 'tomorrow') as timestamptz)`, 'Day'),
  })),
}

const SQL = [
  `create table thing (id bigint primary key, small smallint not null, number integer not null, code varchar(40) not null, words text not null, guid uuid not null,
     seen timestamptz not null, day date not null, amount numeric);
   insert into thing select n, n, n - 20, 'clé ' || n, 'word ' || n, md5(n::text)::uuid, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 day', date '2026-01-01' + n, n from generate_series(1, 60) n`,
  "create table child (id bigint primary key, parent bigint not null, label text not null); insert into child select n, 1 + n % 20, case when n <= 20 then 'first' else 'l' || n end from generate_series(1, 60) n",
  'create view looked as select t.* from thing t where t.id in (select parent from child)',
  'create function shout(text) returns text language sql immutable as $$ select upper($1) $$',
  'grant execute on function shout to public',
]
/** Rows that are not touched say something else afterwards. */
const AROUND = [
  'delete from child where parent < 4',
  "insert into child values (900, 50, 'first'), (901, 8, 'zz'), (902, 9, 'zz')",
  "update child set label = 'zzz' where id between 30 and 34",
  // From one parent to another, between two, and to a parent that goes and comes again under its key.
  'update child set parent = 17 where id = 45',
  'update child set parent = case parent when 15 then 16 else 15 end where parent in (15, 16)',
  "with gone as (delete from thing where id = 14 returning *) select from gone; insert into thing select 14, 14, 700, 'again', 'again', md5('again')::uuid, now(), now(), 1",
  "create or replace function shout(text) returns text language sql immutable as $$ select $1 || '!' $$",
  "update thing set words = 'a' || words where id in (5, 6, 7)",
  'delete from thing where id in (11, 12)',
]

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  const makes = { ...KEYS, ...ROW_BY_ROW, ...TIED, ...WHOLE, ...NOT }
  let nights: Nights
  beforeAll(async () => {
    const tables = Object.entries(makes).map(([name, make]) => make(`q_${name}`))
    nights = await Nights.create(version, { source, tables }, SQL, { target: version === 18 ? 15 : 18 })
    await nights.begin()
  })
  afterAll(() => nights.drop())

  test('what a row depends on besides itself makes its table full', async () => {
    const judged = async (full: readonly object[]) => {
      const report = await nights.night()
      await nights.judge()
      const wrong = report.tables.filter(
        ({ table: name, way }) => way !== (full.some((group) => name.slice(2) in group) ? 'full' : 'delta'),
      )
      expect(wrong.map(({ table: name, way, reason }) => `${name}: ${way}, ${reason}`)).toEqual([])
    }
    await nights.change(...AROUND)
    await judged([WHOLE, NOT])
    await judged([WHOLE, NOT])
    await judged([NOT])
    await nights.change(
      "update thing set words = 'b' || words, code = code || '!' where id between 20 and 24",
      'delete from child',
      'truncate thing',
      'insert into child values (1, 1, $$first$$)',
    )
    await nights.night()
    await nights.judge()
  })
})

test('a source of another encoding, whose texts have other bytes', async () => {
  const make = { key_text: KEYS['key_text'], plain: ROW_BY_ROW['plain'] } as Readonly<Record<string, Make>>
  const tables = Object.entries(make).map(([name, table]) => table(`q_${name}`))
  const nights = await Nights.create(18, { source, tables }, SQL, { encodings: { source: 'LATIN1' } })
  await nights.begin()
  await nights.change(
    "update thing set words = 'é' || words where id < 5",
    "update thing set code = 'à' || code where id = 9",
    'delete from thing where id = 20',
  )
  const ways = await nights.judged()
  const reason = nights.told?.tables.find(({ table }) => table === 'q_plain')?.reason
  expect([ways['q_plain'], reason]).toEqual(['delta', null])
  await nights.judged()
  await nights.drop()
})
