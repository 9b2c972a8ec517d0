/** Values that a query, a rule or the other side cannot take: the table, the column, the cause and the number of rows are told. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { vitrine as vitrineProgram } from '../../src/cli/vitrine.ts'
import * as vitrine from '../../src/index.ts'
import { run } from '../cli/captured-io.ts'
import { type ShopRoles, shop as shopPublication } from '../publication/shop.ts'
import { Installation } from './installation.ts'

const source = vitrine.register('public', {
  thing: {
    id: vitrine.open.bigint,
    name: vitrine.open.text,
    born: vitrine.open.date,
    facts: vitrine.open.jsonb,
    list: vitrine.open.integerArray,
  },
})
const things = vitrine.from(source.selectFrom('thing as t'))
const CREATE = `create table thing (id bigint primary key, name text not null, born date not null, facts json not null, list integer[] not null);
  insert into thing select n, 'canary' || n, '2024-01-01', '{"a": "canary"}', '{1}' from generate_series(1, 9) n`

type Column = Parameters<typeof vitrine.rows>[1][string]

/** A publication of one table, whose column `it` is the one at fault. */
const publish = (
  roles: ShopRoles,
  make: (eb: Parameters<Parameters<typeof things.publish>[2]>[0]) => Column,
  query = things,
) =>
  vitrine.definePublication({
    ...shopPublication(roles),
    source,
    tables: [
      query.publish('thing', 'A thing.', (eb) => ({
        id: vitrine.bigint(eb.ref('t.id'), 'Key').primaryKey(),
        before: vitrine.text(eb.ref('t.name'), 'A column that is sound'),
        it: make(eb),
      })),
    ],
  })
// sound because nobody asks what is the type of a promise that rejects.
const rejecting = (async ({ name }: { name: string }) => Promise.reject(new Error(name))) as unknown as () => string
const name = (eb: Parameters<Parameters<typeof things.publish>[2]>[0]) => vitrine.text(eb.ref('t.name'), 'Name')

let shop: Installation
let bytes: Installation
let latin: Installation
beforeAll(async () => {
  const create = (encodings: { source?: string; target?: string }) =>
    Installation.create(18, 1, (roles) => publish(roles, name), 18, encodings)
  ;[shop, bytes, latin] = await Promise.all([create({}), create({ source: 'SQL_ASCII' }), create({ target: 'LATIN1' })])
})
afterAll(() => Promise.all([shop, bytes, latin].map((each) => each?.drop())))

async function failure(at: Installation, change: string, publication = at.publication) {
  await at.change(`drop table if exists thing; ${CREATE}; ${change}`)
  await at.migrate(publication)
  const error = await at.failure({ publication })
  expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('canary')
  expect(error.place).toMatch(/^thing/)
  return [
    error.code,
    error.problems.map(({ place, detail }) => `${place}: ${detail}`).join(' | ') || `${error.place}: ${error.detail}`,
  ]
}

const roles = () => ({ writer: shop.writer.user, reader: shop.reader.user })

test.each<[string, string, (eb: Parameters<Parameters<typeof things.publish>[2]>[0]) => Column, readonly string[]]>([
  [
    'infinity in a year',
    "update thing set born = 'infinity' where id < 4",
    ({ ref }) => vitrine.integer(vitrine.year(ref('t.born')), 'Year'),
    [
      'EXPRESSION_FAILED',
      'thing.it: a conversion that its values do not allow, such as that of infinity; thing.born: 3 rows: infinity',
    ],
  ],
  [
    'an escape that jsonb has no character for',
    `update thing set facts = '{"a": "x\\u0000y"}' where id < 3; update thing set facts = '{"a": "x\\\\u0000y"}' where id = 3`,
    ({ ref }) => vitrine.jsonb(ref('t.facts'), 'Facts'),
    [
      'EXPRESSION_FAILED',
      'thing.it: an escape such as \\u0000 has no character; thing.facts: 2 rows: the escape \\u0000',
    ],
  ],
  [
    'a text that is no number',
    'select',
    ({ cast, ref }) => vitrine.integer(cast<number>(ref('t.name'), 'integer'), 'Number'),
    ['EXPRESSION_FAILED', 'thing.it: a text is no value of the type that it is converted to'],
  ],
  [
    'a division by zero, as the input of a rule',
    'select',
    ({ ref }) =>
      vitrine.text(
        vitrine.compute({ odd: sql<bigint>`1 / (${ref('t.id')} - 3)` }, ({ odd }) => String(odd)),
        'Rule',
      ),
    ['EXPRESSION_FAILED', 'thing (rule input odd): a division by zero'],
  ],
  [
    'a list of lists as the input of a rule',
    "update thing set list = '{{1,2},{3,4}}' where id < 6",
    ({ ref }) =>
      vitrine.integer(
        vitrine.compute({ list: ref('t.list') }, ({ list }) => list.length),
        'Rule',
      ),
    ['RULE_INPUT_UNREADABLE', 'thing.it: RULE_INPUT_UNREADABLE: 5 rows; an array of several dimensions'],
  ],
  [
    'a rule that gives what jsonb does not take',
    'select',
    ({ ref }) =>
      vitrine.jsonb(
        vitrine.compute({ id: ref('t.id') }, ({ id }) => (id < 3n ? '"\\u0000"' : '"\\\\u0000"')),
        'Rule',
      ),
    ['VALUE_OUT_OF_RANGE', 'thing.it: VALUE_OUT_OF_RANGE: 2 rows'],
  ],
  [
    'a rule that returns a promise that rejects',
    'select',
    ({ ref }) => vitrine.text(vitrine.compute({ name: ref('t.name') }, rejecting), 'Rule').nullable(),
    ['RULE_FAILED', 'thing.it: RULE_FAILED: 9 rows; it returns a promise'],
  ],
])('%s', async (_, change, make, expected) => {
  expect(await failure(shop, change, publish(roles(), make))).toEqual(expected)
})

test('a rule that throws is told with its file and line, whatever its message pretends', async () => {
  const thrown = publish(roles(), ({ ref }) =>
    vitrine.text(
      vitrine.compute({ name: ref('t.name') }, ({ name }) => {
        throw new Error(`x\n    at /canary/${name}.ts:1:1`)
      }),
      'Rule',
    ),
  )
  const [code, told] = await failure(shop, 'select', thrown)
  expect(code).toBe('RULE_FAILED')
  expect(told).toMatch(/^thing\.it: RULE_FAILED: 9 rows; \/.*\/bad-values\.test\.ts:\d+$/)
})

test('a condition that fails on the rows', async () => {
  const filtered = vitrine.from(source.selectFrom('thing as t').where(sql<boolean>`1 / (${sql.ref('t.id')} - 3) > 5`))
  expect(await failure(shop, 'select', publish(roles(), name, filtered))).toEqual([
    'EXPRESSION_FAILED',
    'thing (rows): the conditions of its query: a division by zero',
  ])
})

test('bytes of a source without encoding, a character that the target has not', async () => {
  const bad = "update thing set name = E'caf\\351' where id < 4; update thing set name = E'caf\\303\\251' where id = 4"
  expect(await failure(bytes, bad)).toEqual([
    'ENCODING_MISMATCH',
    'thing.before: 3 rows: bytes that are no UTF-8 | thing.it: 3 rows: bytes that are no UTF-8',
  ])
  const program = { ...vitrineProgram, publication: latin.publication }
  const environment = {
    DATABASE_URL: bytes.source.url(bytes.reading),
    METABASE_DATABASE_URL: latin.target.url(latin.writer),
  }
  expect((await run(program, 'check', { environment })).stderr).toContain('the encoding of the source is SQL_ASCII')
  expect(JSON.parse((await run(program, 'doctor --json', { environment })).stdout).findings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'source-encoding', ok: false, actual: 'SQL_ASCII', severity: 'warning' }),
      expect.objectContaining({ name: 'target-encoding', ok: false, actual: 'LATIN1', severity: 'warning' }),
    ]),
  )
  expect(await failure(latin, "update thing set name = '€ é' where id < 5")).toEqual([
    'ENCODING_MISMATCH',
    'thing.before: 4 rows: a character that LATIN1 has not | thing.it: 4 rows: a character that LATIN1 has not',
  ])
})
