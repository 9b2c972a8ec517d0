/** What changed between two versions of a table, value by value of every kind, and when no comparison is possible. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import * as vitrine from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { compareVersions } from '../../src/version/row-difference.ts'

const { open } = vitrine
const COLUMNS = {
  id: open.bigint,
  a_flag: open.boolean.nullable,
  a_number: open.integer.nullable,
  a_decimal: open.numeric.nullable,
  a_float: open.doublePrecision.nullable,
  a_text: open.text.nullable,
  an_instant: open.timestamptz.nullable,
  a_document: open.jsonb.nullable,
  a_list: open.textArray.nullable,
}
const source = vitrine.register('public', { thing: COLUMNS })
const table = vitrine.from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
  id: vitrine.bigint(ref('t.id'), 'Key').primaryKey(),
  a_flag: vitrine.boolean(ref('t.a_flag'), 'x').nullable(),
  a_number: vitrine.integer(ref('t.a_number'), 'x').nullable(),
  a_decimal: vitrine.numeric(ref('t.a_decimal'), 'x').nullable(),
  a_float: vitrine.doublePrecision(ref('t.a_float'), 'x').nullable(),
  a_text: vitrine.text(ref('t.a_text'), 'x').nullable(),
  an_instant: vitrine.timestamptz(ref('t.an_instant'), 'x').nullable(),
  a_document: vitrine.jsonb(ref('t.a_document'), 'x').nullable(),
  a_list: vitrine.textArray(ref('t.a_list'), 'x').nullable(),
}))
const keyOnly = vitrine
  .from(source.selectFrom('thing as t'))
  .publish('thing', 'A key.', ({ ref }) => ({ id: vitrine.bigint(ref('t.id'), 'Key').primaryKey() }))

const ROWS = 12

type Flags = ReadonlyMap<number, boolean | null>

/** No share of so few rows is just this: 0.8 less 0.6 is more than a fifth by a hair. */
const SHARE = 0.2003

/** Which of a flag's shares moved by more than that, or became all, counted by hand. */
function movedByHand(before: Flags, now: Flags): readonly string[] {
  if (before.size === 0 || now.size === 0) return []
  const rows = (flags: Flags, value: boolean | null) => [...flags.values()].filter((flag) => flag === value).length
  const shares = [false, true, null].map((value) => ({ value, was: rows(before, value), is: rows(now, value) }))
  const left = shares.filter(({ is }) => is > 0)
  if (left.length === 1 && shares.filter(({ was }) => was > 0).length > 1) return ['every row']
  const moved = shares.filter(({ was, is }) => Math.abs(is / now.size - was / before.size) > SHARE)
  return moved.map(({ value }) => (value === null ? 'no value' : `«${value}»`))
}

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let target: Session
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'difference')
    target = await connect(database.address(), { side: 'target', name: 'test', readOnly: false })
  })
  beforeEach(async () => {
    const columns = Object.entries(source.tables['thing'] ?? {}).map(([name, { type }]) => `${name} ${type.name}`)
    await target.execute(`
      drop schema if exists old cascade; drop schema if exists new cascade; create schema old; create schema new;
      create table old.thing (${columns.join(', ')}, primary key (id));
      insert into old.thing select n, n % 2 = 0, n, 1.0, 0.0, 'text ' || n, timestamptz '2026-01-01 00:00:00+00',
        '{"a": 1.0}', '{a,b}' from generate_series(1, ${ROWS}) n;
      insert into old.thing (id) values (100);
      create table new.thing (like old.thing including all); insert into new.thing select * from old.thing order by id desc`)
  })
  afterAll(async () => {
    await target.end()
    await database.drop()
  })

  const compare = async (limits = DEFAULT_LIMITS) => {
    const { difference, warnings } = await compareVersions(target, table, 'new', 'old', limits)
    return { difference, warnings: warnings.map(({ column, text }) => ({ column, text })) }
  }

  test('the same rows in another order are no difference', async () => {
    expect(await compare()).toEqual({ difference: { added: 0, changed: 0, removed: 0 }, warnings: [] })
  })

  test.each([
    ['a boolean', 'a_flag = not a_flag'],
    ['a number', 'a_number = -a_number'],
    ['a decimal', 'a_decimal = 2'],
    ['no more than the scale of a decimal', 'a_decimal = 1.00'],
    ['a float', 'a_float = 1'],
    ['no more than the sign of zero', "a_float = '-0'"],
    ['a text', "a_text = a_text || ' '"],
    ['an instant', "an_instant = an_instant + interval '1 microsecond'"],
    ['a document', `a_document = '{"a": 1.0, "b": null}'`],
    ['no more than how a number in a document is written', `a_document = '{"a": 1.00}'`],
    ['a list', "a_list = '{b,a}'"],
    ['a value that is missing now', 'a_text = null'],
  ])('%s', async (_what, change) => {
    await target.execute(`update new.thing set ${change} where id = 3`)
    expect((await compare()).difference).toEqual({ added: 0, changed: 1, removed: 0 })
  })

  test('a value where none was, rows more and rows less', async () => {
    await target.execute(`
      update new.thing set a_list = '{}' where id = 100;
      delete from new.thing where id in (1, 2);
      insert into new.thing (id) values (201), (202), (203)`)
    expect((await compare()).difference).toEqual({ added: 3, changed: 1, removed: 2 })
  })

  test('rows that only one version has are no share of the other', async () => {
    const limits = { ...DEFAULT_LIMITS, shrinkFloorRows: 1, figureShare: 0.2 }
    await target.execute(`
      update old.thing set a_flag = null where id <= 6; delete from new.thing;
      insert into new.thing select n, n % 4 = 0 from generate_series(7, 106) n`)
    const moved = await compare(limits)
    // Before 7 of 13 had none, now none of 100.
    expect(moved).toEqual({
      difference: { added: 93, changed: 7, removed: 6 },
      warnings: [
        { column: 'a_flag', text: '«false» went from 23 % to 75 % of the rows' },
        { column: 'a_flag', text: 'no value went from 54 % to 0 % of the rows' },
      ],
    })
    await target.execute('delete from old.thing')
    expect(await compare(limits)).toEqual({ difference: { added: 100, changed: 0, removed: 0 }, warnings: [] })
  })

  test('whatever changes, the figures that moved are those that counting by hand finds', async () => {
    const flags = fc.dictionary(
      fc.integer({ min: 1, max: 24 }).map(String),
      fc.constantFrom(true, true, true, false, null),
    )
    const touched = fc.array(fc.tuple(fc.integer({ min: 1, max: 26 }), fc.constantFrom(true, false, null, 'gone')))
    const asMap = (given: Readonly<Record<string, boolean | null>>): Map<number, boolean | null> =>
      new Map(Object.entries(given).map(([id, flag]) => [Number(id), flag]))
    const fill = (schema: string, rows: Flags) =>
      `delete from ${schema}.thing; ${[...rows].map(([id, flag]) => `insert into ${schema}.thing (id, a_flag) values (${id}, ${flag})`).join('; ')}`
    await fc.assert(
      fc.asyncProperty(flags, touched, async (given, changes) => {
        const [before, now] = [asMap(given), asMap(given)]
        for (const [id, flag] of changes.slice(0, 6)) {
          if (flag === 'gone') now.delete(id)
          else now.set(id, flag as boolean | null)
        }
        await target.execute(`${fill('old', before)}; ${fill('new', now)}`)
        const { warnings } = await compare({ ...DEFAULT_LIMITS, shrinkFloorRows: 1, figureShare: SHARE })
        expect(warnings.map(({ text }) => /^(every row|no value|«\w+»)/.exec(text)?.[0])).toEqual(
          movedByHand(before, now),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('one row is enough for all to become the same', async () => {
    await target.execute('delete from old.thing where id = 100; delete from new.thing where id = 100')
    await target.execute('update old.thing set a_flag = id <> 3; update new.thing set a_flag = true')
    expect(await compare({ ...DEFAULT_LIMITS, shrinkFloorRows: 1, figureShare: 0.2 })).toEqual({
      difference: { added: 0, changed: 1, removed: 0 },
      warnings: [{ column: 'a_flag', text: 'every row has «true», which was 92 % of them' }],
    })
  })

  test('a table that has only its key', async () => {
    await target.execute('delete from new.thing where id = 1')
    for (const schema of ['old', 'new'])
      await target.execute(
        Object.keys(COLUMNS)
          .slice(1)
          .map((name) => `alter table ${schema}.thing drop column ${name}`)
          .join('; '),
      )
    const { difference } = await compareVersions(target, keyOnly, 'new', 'old', DEFAULT_LIMITS)
    expect(difference).toEqual({ added: 0, changed: 0, removed: 1 })
  })

  test('of other columns or types there is no difference, but the shares of what both have are compared', async () => {
    await target.execute('update new.thing set a_flag = true where id <= 12')
    const limits = { ...DEFAULT_LIMITS, shrinkFloorRows: 1 }
    const warnings = [
      { column: 'a_flag', text: '«false» went from 46 % to 0 % of the rows' },
      { column: 'a_flag', text: '«true» went from 46 % to 92 % of the rows' },
    ]
    expect(await compare(limits)).toEqual({ difference: { added: 0, changed: 6, removed: 0 }, warnings })
    await target.execute('alter table old.thing alter column a_number type bigint')
    expect(await compare(limits)).toEqual({ difference: null, warnings })
    await target.execute('alter table old.thing drop column a_number')
    expect(await compare(limits)).toEqual({ difference: null, warnings })
    await target.execute('alter table old.thing drop column a_flag')
    expect(await compare(limits)).toEqual({ difference: null, warnings: [] })
    await target.execute('drop table old.thing')
    expect(await compare(limits)).toEqual({ difference: null, warnings: [] })
  })
})
