/**
 * What stops a full night stops a delta night: the same code at the same place, and the same version published as before,
 * whether a value, a key or a reference is wrong, and whether it is found while reading or when the changes are applied.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { asVitrineError, type VitrineError } from '../../src/base/errors.ts'
import { bigint, from, integer, jsonb, open, register, sql, text, timestamptz, uuid, varchar } from '../../src/index.ts'
import { Nights } from './nights.ts'

const source = register('public', {
  parent: { id: open.bigint, label: open.text.nullable },
  thing: {
    id: open.bigint,
    parent: open.bigint,
    code: open.text,
    label: open.text.nullable,
    document: open.jsonb.nullable,
    amount: open.numeric,
    key: open.uuid,
    seen: open.timestamptz,
  },
})
const parent = from(source.selectFrom('parent as p')).publish('parent', 'A parent.', ({ ref }) => ({
  id: bigint(ref('p.id'), 'Key').primaryKey(),
  label: text(ref('p.label'), 'Label').nullable(),
}))
const thing = from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
  id: uuid(ref('t.key'), 'Key').primaryKey(),
  parent: bigint(ref('t.parent'), 'Parent').references(() => parent),
  code: varchar(10, ref('t.code'), 'Code').unique(),
  label: text(sql<string>`nullif(${ref('t.label')}, 'none')`, 'Label'),
  document: jsonb(ref('t.document'), 'Document').nullable(),
  amount: integer(sql<number>`cast(${ref('t.amount')} as integer)`, 'Amount').atLeast(0),
  share: integer(sql<number>`100 / cast(${ref('t.amount')} + 1000000 as integer)`, 'Share'),
  seen: timestamptz(ref('t.seen'), 'Seen'),
}))

const SQL = [
  `create table parent (id bigint primary key, label text); insert into parent select n, 'p' || n from generate_series(1, 30) n`,
  `create table thing (id bigint primary key, parent bigint not null, code text not null, label text, document jsonb, amount numeric not null, key uuid not null, seen timestamptz not null);
   insert into thing select n, 1 + n % 30, 'c' || n, 'label ' || n, null, n, md5(n::text)::uuid, '2026-01-01' from generate_series(1, 60) n`,
]

/** What is done to one row, and what the run says of it. */
const WRONG: Readonly<Record<string, readonly [change: string, code: string]>> = {
  'a value that is missing': ["update thing set label = 'none' where id = 7", 'VALUE_NULL'],
  'a value that is too long': ["update thing set code = 'far too long for it' where id = 7", 'VALUE_TOO_LONG'],
  'a number out of range': ['update thing set amount = 10000000000 where id = 7', 'VALUE_OUT_OF_RANGE'],
  'an expression that fails': ['update thing set amount = -1000000 where id = 7', 'EXPRESSION_FAILED'],
  'a number below the least': ['update thing set amount = -5 where id = 7', 'VALUE_OUT_OF_RANGE'],
  'an e-mail address in a text': [
    "update thing set label = 'to somebody@example.org' where id = 7",
    'PRIVACY_VIOLATION',
  ],
  'an IBAN in a document': [
    `update thing set document = '{"a": ["FR7630006000011234567890189"]}' where id = 7`,
    'PRIVACY_VIOLATION',
  ],
  'a unique value that an unchanged row has': ["update thing set code = 'c9' where id = 7", 'KEY_DUPLICATE'],
  'a unique value that a new row has': ["update thing set code = 'same' where id in (7, 8)", 'KEY_DUPLICATE'],
  'a key that an unchanged row has': ["update thing set key = md5('9')::uuid where id = 7", 'KEY_DUPLICATE'],
  'a key that two changed rows have': ["update thing set key = md5('new')::uuid where id in (7, 8)", 'KEY_DUPLICATE'],
  'a reference to a row that has gone': ['delete from parent where id = 9', 'REFERENCE_BROKEN'],
  'a reference to a row that never was': ['update thing set parent = 999 where id = 7', 'REFERENCE_BROKEN'],
  'many rows that have gone': ['delete from thing where id > 12', 'TABLE_SHRANK'],
  'all rows that have gone': ['delete from thing', 'TABLE_SHRANK'],
}
const RIGHT = [
  'begin; truncate thing, parent',
  `insert into parent select n, 'p' || n from generate_series(1, 30) n; insert into thing select n, 1 + n % 30, 'c' || n, 'label ' || n, null, n, md5(n::text)::uuid, '2026-01-01' from generate_series(1, 60) n; commit`,
]

describe('a delta night that is refused', () => {
  let nights: Nights
  beforeAll(async () => {
    nights = await Nights.create(18, { source, tables: [parent, thing], limits: { shrinkFloorRows: 10 } }, SQL)
    await nights.begin()
  })
  afterAll(() => nights.drop())
  afterEach(() => nights.change(...RIGHT))

  const refusal = async (full: boolean): Promise<VitrineError> => {
    const error = await nights.night({ full, allowShrink: false }).then(
      () => null,
      (thrown: unknown) => asVitrineError(thrown),
    )
    if (error === null) throw new Error('it was published')
    return error
  }
  const told = ({ code, place, problems }: VitrineError) => ({
    code,
    place,
    problems: problems.map((problem) => `${problem.place}: ${problem.detail}`),
  })

  test.each(Object.entries(WRONG))('for %s', async (_what, [change, code]) => {
    await nights.change("update thing set label = 'right' where id in (3, 4)")
    await nights.judged()
    await nights.night()
    const before = await nights.published()
    expect((await nights.night()).tables.map(({ way }) => way)).toEqual(['delta', 'delta'])

    await nights.change("update thing set label = 'with it' where id in (5, 6)", change)
    const delta = await refusal(false)
    expect(delta.code).toBe(code)
    expect(await nights.published()).toEqual(before)
    expect(await nights.shop.leftovers()).toEqual([])
    // What was prepared cannot come back; what stands untouched can.
    const back = await nights.rollBack().then(
      () => null,
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    if (back === null) await nights.rollBack()
    else expect(back).toBe('VERSION_NOT_KEPT')
    expect(await nights.published()).toEqual(before)

    const full = await refusal(true)
    expect(told(delta)).toEqual(told(full))
    // A second try after a version was prepared and given up says the same.
    expect(told(await refusal(false))).toEqual(told(full))
    expect(await nights.published()).toEqual(before)

    await nights.change(...RIGHT)
    await nights.judged()
  })
})
