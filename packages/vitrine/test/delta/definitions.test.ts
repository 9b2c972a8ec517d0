/** Whatever changes in the definition between two nights: rows and structure are those of a full night by the new definition. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bigint,
  boolean,
  compute,
  count,
  date,
  from,
  history,
  integer,
  masked,
  open,
  type PublishedTable,
  pseudonym,
  register,
  rows,
  runDay,
  sql,
  text,
  timestamptz,
  uuid,
  varchar,
} from '../../src/index.ts'
import type { Columns, RuledRows } from '../../src/publication/table.ts'
import { Nights, type Setting, type Ways } from './nights.ts'

const COLUMNS = {
  id: open.bigint,
  code: open.varchar(20),
  label: open.text.nullable,
  other: open.text.nullable,
  sole: open.boolean.nullable,
  seen: open.timestamptz,
  parent: open.bigint,
}
const source = register('public', { thing: COLUMNS, another: COLUMNS, parent: COLUMNS })
const things = () => source.selectFrom('thing as t')
const publishing = () => from(things())
type Given = Parameters<Parameters<ReturnType<typeof publishing>['publish']>[2]>[0]

const plain = ({ ref }: Given) => ({
  id: bigint(ref('t.id'), 'Key').primaryKey(),
  code: varchar(20, ref('t.code'), 'Code').unique(),
  label: text(ref('t.label'), 'Label').nullable(),
  seen: timestamptz(ref('t.seen'), 'Seen'),
})
type Make = (name: string) => PublishedTable
const table =
  (columns: (given: Given) => Columns | RuledRows, query = things(), comment = 'A thing.'): Make =>
  (name) =>
    from(query).publish(name, comment, columns)
const label = (value: string) =>
  table((given) => ({ ...plain(given), label: text(sql<string | null>`${sql.raw(value)}`, 'Label').nullable() }))

const PARENT = from(source.selectFrom('parent as t')).publish('parent', 'A parent.', ({ ref }) => ({
  id: bigint(ref('t.id'), 'Key').primaryKey(),
}))

/** A rule whose text is the same, and whose result is not. */
const suffixed = (suffix: string) =>
  table((given) => ({
    ...plain(given),
    label: text(
      compute({ l: given.ref('t.label') }, ({ l }) => (l === null ? null : l + suffix)),
      'Label',
    ).nullable(),
  }))
const ruled = (suffix: string) =>
  table((given) =>
    rows({ keep: compute({ l: given.ref('t.label') }, ({ l }) => l?.endsWith(suffix) !== true) }, plain(given)),
  )
const anonymous = (k: number) =>
  table((given) => {
    const columns = {
      ...plain(given),
      kind: text(sql<string | null>`left(${given.ref('t.label')}, 7)`, 'Kind').nullable(),
    }
    return rows({ kAnonymous: { k, columns: ['kind'], otherwise: 'suppress' } }, columns)
  })

/** By name, before and after; a table that is the same both times may stay a delta. */
const VARIANTS: Readonly<Record<string, readonly [before: Make | null, after: Make | null, same?: 'same']>> = {
  same: [table(plain), table(plain), 'same'],
  comment: [table(plain), table(plain, things(), 'Another comment.')],
  comment_of_column: [
    table(plain),
    table((given) => ({ ...plain(given), label: text(given.ref('t.label'), 'Words').nullable() })),
  ],
  column_added: [
    table(plain),
    table((given) => ({ ...plain(given), other: text(given.ref('t.other'), 'Other').nullable() })),
  ],
  column_removed: [table(plain), table((given) => ({ id: plain(given).id, code: plain(given).code }))],
  columns_reordered: [
    table((given) => ({ ...plain(given), other: text(given.ref('t.other'), 'Label').nullable() })),
    table((given) => ({ other: text(given.ref('t.other'), 'Label').nullable(), ...plain(given) })),
  ],
  columns_exchanged: [
    table((given) => ({ ...plain(given), other: text(given.ref('t.other'), 'Other').nullable() })),
    table((given) => ({
      ...plain(given),
      label: text(given.ref('t.other'), 'Label').nullable(),
      other: text(given.ref('t.label'), 'Other').nullable(),
    })),
  ],
  longer: [
    table(plain),
    table((given) => ({ ...plain(given), code: varchar(30, given.ref('t.code'), 'Code').unique() })),
  ],
  other_type: [table(plain), table((given) => ({ ...plain(given), code: text(given.ref('t.code'), 'Code').unique() }))],
  without_unique: [
    table(plain),
    table((given) => ({ ...plain(given), code: varchar(20, given.ref('t.code'), 'Code') })),
  ],
  with_unique: [
    table(plain),
    table((given) => ({ ...plain(given), seen: timestamptz(given.ref('t.seen'), 'Seen').unique() })),
  ],
  at_least: [
    table(plain),
    table((given) => ({ ...plain(given), id: bigint(given.ref('t.id'), 'Key').primaryKey().atLeast(0) })),
  ],
  referring: [
    table((given) => ({ ...plain(given), parent: bigint(given.ref('t.parent'), 'Parent') })),
    table((given) => ({ ...plain(given), parent: bigint(given.ref('t.parent'), 'Parent').references(() => PARENT) })),
  ],
  not_referring: [
    table((given) => ({ ...plain(given), parent: bigint(given.ref('t.parent'), 'Parent').references(() => PARENT) })),
    table((given) => ({ ...plain(given), parent: bigint(given.ref('t.parent'), 'Parent') })),
  ],
  not_null: [
    table((given) => ({
      ...plain(given),
      sole: boolean(sql<boolean>`coalesce(${given.ref('t.sole')}, false)`, 'x').nullable(),
    })),
    table((given) => ({ ...plain(given), sole: boolean(sql<boolean>`coalesce(${given.ref('t.sole')}, false)`, 'x') })),
  ],
  other_key: [
    table(plain),
    table((given) => ({
      ...plain(given),
      id: bigint(given.ref('t.id'), 'Key').unique(),
      code: varchar(20, given.ref('t.code'), 'Code').primaryKey(),
    })),
  ],
  longer_key: [
    table(plain),
    table((given) => ({ ...plain(given), code: varchar(20, given.ref('t.code'), 'Code').primaryKey() })),
  ],
  expression: [label('t.label'), label('upper(t.label)')],
  literal: [label("coalesce(t.label, 'none')"), label("coalesce(t.label, 'nothing')")],
  filter: [table(plain), table(plain, things().where('t.id', '>', 20n))],
  filter_otherwise: [table(plain, things().where('t.id', '>', 20n)), table(plain, things().where('t.id', '<', 20n))],
  other_table: [table(plain), (name) => from(source.selectFrom('another as t')).publish(name, 'A thing.', plain)],
  mask: [
    table((given) => ({
      ...plain(given),
      label: text(masked(given.ref('t.label'), given.ref('t.sole'), 'Hidden', 'a reason'), 'Label').nullable(),
    })),
    table((given) => ({
      ...plain(given),
      label: text(masked(given.ref('t.label'), given.ref('t.sole'), 'Not published', 'a reason'), 'Label').nullable(),
    })),
  ],
  domain_of_pseudonym: [
    table((given) => ({ ...plain(given), who: uuid(pseudonym(given.ref('t.other'), 'one'), 'Who').nullable() })),
    table((given) => ({ ...plain(given), who: uuid(pseudonym(given.ref('t.other'), 'two'), 'Who').nullable() })),
  ],
  pseudonym_of_another: [
    table((given) => ({ ...plain(given), who: uuid(pseudonym(given.ref('t.other')), 'Who').nullable() })),
    table((given) => ({ ...plain(given), who: uuid(pseudonym(given.ref('t.label')), 'Who').nullable() })),
  ],
  rule: [suffixed('a'), suffixed('b')],
  rule_of_rows: [ruled('3'), ruled('4')],
  anonymity: [anonymous(2), anonymous(9)],
  // Each is published under the name of the other.
  exchanged_one: [label("t.label || '1'"), label("t.label || '2'")],
  exchanged_two: [label("t.label || '2'"), label("t.label || '1'")],
  gone: [table(plain), null],
  come: [null, table(plain)],
}

const DAY = {
  morning: '2026-03-02T08:00:00Z',
  noon: '2026-03-02T11:00:00Z',
  next: '2026-03-03T08:00:00Z',
  before: '2026-03-01T08:00:00Z',
}
const dated = table((given) => ({ ...plain(given), day: date(runDay('Europe/Paris'), 'Day') }))
const aged = table(plain, things().where('t.seen', '<', sql<never>`cast(${runDay('Europe/Paris')} as timestamptz)`))

const settingOf = (part: 0 | 1): Setting => {
  const tables = Object.entries(VARIANTS).flatMap(([name, variant]) => variant[part]?.(`v_${name}`) ?? [])
  const days = history('days', 'A day.', ({ selectFrom }, { day }) => ({
    day: date(day, 'Day').primaryKey(),
    n: integer(selectFrom('v_same').select(count().as('n')).$asScalar().$notNull(), 'Things'),
  }))
  return { source, tables: [...tables, PARENT], histories: part === 0 ? [] : [days] }
}

const TABLE = (name: string) => `
  create table ${name} (id bigint primary key, code varchar(20) not null, label text, other text, sole boolean, seen timestamptz not null, parent bigint not null);
  insert into ${name} select n, 'c' || n, 'label ${name} ' || n, 'other ' || n % 4, n % 3 = 0, '2026-02-20 00:00:00+00'::timestamptz + n * interval '13 hours', 1 + n % 40 from generate_series(1, 40) n`
const SQL = ['thing', 'another', 'parent'].map(TABLE)

/** A reader keeps the right to refer to what was a key, on full nights too. */
const withoutKeys = (structure: readonly unknown[]) =>
  structure.filter((relation) => !/_(?:other|longer)_key"/.test(JSON.stringify(relation)))

describe('another definition', () => {
  let nights: Nights
  beforeAll(async () => {
    nights = await Nights.create(18, settingOf(0), SQL)
  })
  afterAll(() => nights.drop())

  const touch = (value: string) =>
    nights.change(
      `update thing set other = '${value}' where id in (3, 4); update another set other = '${value}' where id = 3`,
    )
  const notFull = (ways: Ways) =>
    Object.entries(VARIANTS).flatMap(([name, [before, after, same]]) => {
      if (before === null || after === null || same === 'same') return []
      return ways[`v_${name}`] === 'full' ? [] : [name]
    })

  test('every table that is another one is full until both versions have it, there and back', async () => {
    await nights.begin()
    const structure = withoutKeys(await nights.structure())
    await touch('one')
    const before = await nights.judged()
    expect(before['v_same']).toBe('delta')

    await nights.define(settingOf(1))
    const first = await nights.judged()
    // A comment is no row; but it must arrive.
    const silent = ['comment', 'comment_of_column', 'without_unique', 'not_referring']
    expect(notFull(first).filter((name) => !silent.includes(name))).toEqual([])
    expect(first['v_same']).toBe('delta')
    await touch('two')
    await nights.judged()
    const delta = await nights.judged()
    expect(delta).toMatchObject({
      v_same: 'delta',
      v_filter: 'delta',
      v_mask: 'delta',
      v_domain_of_pseudonym: 'delta',
      v_longer_key: 'delta',
      v_come: 'delta',
    })
    const other = withoutKeys(await nights.structure())
    await nights.night({ full: true })
    expect(withoutKeys(await nights.structure())).toEqual(other)

    // There and back: the kept version may be by the definition of now, and the published one is not.
    await nights.define(settingOf(0))
    await touch('three')
    await nights.judged()
    expect(withoutKeys(await nights.structure())).toEqual(structure)
    await nights.define(settingOf(1))
    await touch('four')
    await nights.judged()
    expect(withoutKeys(await nights.structure())).toEqual(other)
    await nights.define(settingOf(0))
    await nights.judged()
    expect(withoutKeys(await nights.structure())).toEqual(structure)
  })
})

describe('what reads the date', () => {
  let nights: Nights
  beforeAll(async () => {
    nights = await Nights.create(
      18,
      { source, tables: [dated('v_dated'), aged('v_aged'), table(plain)('v_plain')] },
      SQL,
    )
  })
  afterAll(() => nights.drop())

  test('is full where the day is another, later or earlier, and never of another day', async () => {
    const at = async (day: keyof typeof DAY) => nights.judged({ at: new Date(DAY[day]) })
    await at('morning')
    await at('noon')
    expect((await at('noon'))['v_plain']).toBe('delta')
    await nights.change("update thing set label = 'dated' where id < 5")
    const next = await at('next')
    expect(next).toEqual({ v_dated: 'full', v_aged: 'full', v_plain: 'delta' })
    // A clock set back.
    const back = await at('before')
    expect(back).toMatchObject({ v_dated: 'full', v_aged: 'full' })
    await nights.change("update thing set label = 'back' where id < 3")
    await at('before')
    await at('morning')
    await nights.judged()
  })
})
