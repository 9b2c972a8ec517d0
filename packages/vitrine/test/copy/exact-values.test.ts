/** Exact values: whatever a column can hold arrives unchanged, as bytes passed through and as values that a rule saw. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { encoderFor } from '../../src/copy/binary-encode.ts'
import { dateDays, dateText } from '../../src/copy/calendar.ts'
import { RowRewriter } from '../../src/copy/row-rewrite.ts'
import * as vitrine from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { projectionOf } from '../../src/publication/select-text.ts'
import { shapeOf } from '../../src/publication/shape.ts'
import { migrateBookkeeping } from '../../src/record/bookkeeping.ts'
import { sqlType } from '../../src/sql/sql-type.ts'
import { buildTable } from '../../src/version/build.ts'

const { open } = vitrine
const source = vitrine.register('public', {
  everything: {
    id: open.bigint,
    c_smallint: open.smallint.nullable,
    c_integer: open.integer.nullable,
    c_bigint: open.bigint.nullable,
    c_numeric: open.numeric.nullable,
    c_real: open.real.nullable,
    c_double: open.doublePrecision.nullable,
    c_boolean: open.boolean.nullable,
    c_text: open.text.nullable,
    c_varchar: open.varchar(200).nullable,
    c_uuid: open.uuid.nullable,
    c_date: open.date.nullable,
    c_time: open.time.nullable,
    c_timestamp: open.timestamp.nullable,
    c_timestamptz: open.timestamptz.nullable,
    c_jsonb: open.jsonb.nullable,
    c_texts: open.textArray.nullable,
    c_integers: open.integerArray.nullable,
    c_bigints: open.bigintArray.nullable,
  },
})

/** Each type with the texts that have gone wrong somewhere: limits, infinities, 2^53+1, years 1 and 9999, BC, NULL. */
const EDGES: Readonly<Record<string, readonly (string | null)[]>> = {
  c_smallint: ['-32768', '32767', '0'],
  c_integer: ['-2147483648', '2147483647', '0'],
  c_bigint: ['9007199254740993', '-9223372036854775808', '9223372036854775807'],
  c_numeric: [
    'NaN',
    'Infinity',
    '-Infinity',
    '0',
    '0.00',
    '-0.000100',
    '12345678901234567890.123456789',
    '1e100',
    '-9999',
    '10000',
    '0.0001',
  ],
  c_real: ['NaN', 'Infinity', '-Infinity', '1.1754944e-38', '3.4028235e38', '-0', '0.1'],
  c_double: [
    'NaN',
    'Infinity',
    '-Infinity',
    '2.2250738585072014e-308',
    '1.7976931348623157e308',
    '-0',
    '0.1',
    '9007199254740993',
  ],
  c_boolean: ['true', 'false'],
  c_text: [
    '',
    ' ',
    '\\N',
    '\\.',
    'NULL',
    'a\tb\nc\rd',
    'é',
    'e\u0301',
    '👩‍👩‍👧‍👦',
    '\u{10ffff}',
    '"\'`',
    'x'.repeat(70_000),
  ],
  c_varchar: ['', '👍'.repeat(200), 'ß'],
  c_uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  c_date: [
    'infinity',
    '-infinity',
    '0001-01-01',
    '9999-12-31',
    '0001-12-31 BC',
    '4713-01-01 BC',
    '2024-02-29',
    '2000-01-01',
    '1999-12-31',
    '1900-03-01',
    '12345-06-07',
  ],
  c_time: ['00:00:00', '23:59:59.999999', '24:00:00', '00:00:00.000001'],
  c_timestamp: [
    'infinity',
    '-infinity',
    '0001-01-01 00:00:00',
    '9999-12-31 23:59:59.999999',
    '1999-12-31 23:59:59.999999',
    '0044-03-15 12:00:00 BC',
    '2024-02-29 00:00:00.000001',
  ],
  c_timestamptz: [
    'infinity',
    '-infinity',
    '0001-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999999+00',
    '2026-03-29 01:00:00.123456+00',
    '2026-10-25 02:30:00+02',
    '0044-03-15 12:00:00+00 BC',
  ],
  c_jsonb: [
    'null',
    '""',
    '{}',
    '[]',
    '{"a": [1, 9007199254740993, 1e400, "\\u00e9", null, true]}',
    '"\\"quoted\\""',
    '0.10',
  ],
  c_texts: ['{}', '{""}', '{a,"b c","é,\\"",NULL}'.replace(',NULL', '')],
  c_integers: ['{}', '{1,-2,2147483647}'],
  c_bigints: ['{}', '{9007199254740993,-1}'],
}

const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.replaceAll('\0', '').toWellFormed())
const ARBITRARY: Readonly<Record<string, fc.Arbitrary<string>>> = {
  c_smallint: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  c_integer: fc.integer().map(String),
  c_bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  c_numeric: fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }))
    .map(([minus, digits, scale]) => {
      const padded = String(digits).padStart(scale + 1, '0')
      const cut = padded.length - scale
      return `${minus ? '-' : ''}${padded.slice(0, cut)}${scale > 0 ? `.${padded.slice(cut)}` : ''}`
    }),
  c_real: fc.float({ noNaN: true }).map((value) => String(value)),
  c_double: fc.double({ noNaN: true }).map((value) => String(value)),
  c_boolean: fc.boolean().map(String),
  c_text: text,
  c_varchar: text,
  c_uuid: fc.uuid(),
  c_date: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().slice(0, 10)),
  c_time: fc.integer({ min: 0, max: 86_399 }).map((seconds) => new Date(seconds * 1000).toISOString().slice(11, 19)),
  c_timestamp: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().replace('Z', '')),
  c_timestamptz: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString()),
  c_jsonb: fc
    .json({ maxDepth: 3 })
    .filter((json) => !json.includes('\\u0000') && json.isWellFormed() && !/\\ud[89a-f]/i.test(json)),
  c_texts: fc
    .array(text, { maxLength: 4 })
    .map((items) => `{${items.map((item) => `"${item.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`),
  c_integers: fc.array(fc.integer(), { maxLength: 4 }).map((items) => `{${items.join(',')}}`),
  c_bigints: fc
    .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 4 })
    .map((items) => `{${items.join(',')}}`),
}

type Make = (value: never, comment: string) => vitrine.Column
const MAKE: Readonly<Record<string, Make>> = {
  c_smallint: vitrine.smallint,
  c_integer: vitrine.integer,
  c_bigint: vitrine.bigint,
  c_numeric: vitrine.numeric,
  c_real: vitrine.real,
  c_double: vitrine.doublePrecision,
  c_boolean: vitrine.boolean,
  c_text: vitrine.text,
  c_varchar: (value, comment) => vitrine.varchar(200, value, comment),
  c_uuid: vitrine.uuid,
  c_date: vitrine.date,
  c_time: vitrine.time,
  c_timestamp: vitrine.timestamp,
  c_timestamptz: vitrine.timestamptz,
  c_jsonb: vitrine.jsonb,
  c_texts: vitrine.textArray,
  c_integers: vitrine.integerArray,
  c_bigints: vitrine.bigintArray,
}

/** Every column twice: passed through, and through a rule that returns its input. */
const table = vitrine.from(source.selectFrom('everything as e')).publish('everything', 'Every type.', ({ ref }) => {
  const twice = Object.entries(MAKE).flatMap(([name, make]) => {
    // sound because each column is made with the type that the register has for it; `c_text` stands for all of them.
    const value = ref(`e.${name}` as 'e.c_text')
    const same = vitrine.compute({ v: value }, ({ v }) => v)
    return [
      [name, make(value as never, 'Passed through').nullable()],
      [name.replace('c_', 'r_'), make(same as never, 'Through a rule').nullable()],
    ] as const
  })
  return {
    id: vitrine.bigint(ref('e.id'), 'Key').primaryKey(),
    ...Object.fromEntries(twice),
    b_text: vitrine
      .text(
        vitrine.compute({ v: vitrine.sql<vitrine.Bytes | null>`convert_to(${ref('e.c_text')}, 'UTF8')` }, ({ v }) =>
          v === null ? null : Buffer.from(v).toString(),
        ),
        'The same through its bytes',
      )
      .nullable(),
  }
})
const publication = vitrine.definePublication({
  name: 'exact',
  schema: 'exact',
  source,
  tables: [table],
  writer: 'w',
  reader: 'r',
})
const COLUMNS = Object.keys(EDGES)

test('a date is the same day in both directions, over all of PostgreSQL’s range', () => {
  const day = fc.integer({ min: -2_451_507, max: 2_145_031_948 })
  fc.assert(
    fc.property(day, (days) => dateDays(dateText(days)) === days),
    { numRuns: 1_000 },
  )
})

test.each([
  ['date', '9999999-01-01'],
  ['date', '2026-02-29'],
  ['date', '0000-01-01'],
  ['timestamp', '9999999-01-01T00:00:00'],
  ['time', '24:00:00.000001'],
  ['numeric', `1${'0'.repeat(131_072)}`],
] as const)('a %s that its type cannot hold is refused, and not wrapped round', (kind, value) => {
  expect(encoderFor(sqlType(kind))(value)).toBe('VALUE_OUT_OF_RANGE')
})

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  const sessions: Session[] = []
  const session = async (side: 'source' | 'target') => {
    const opened = await connect(database.address(), { side, name: 'test', readOnly: false, searchPath: ['public'] })
    sessions.push(opened)
    return opened
  }

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'exact')
    const client = await database.connect()
    const types = Object.entries(source.tables['everything'] ?? {}).map(([name, { type }]) => `${name} ${type.name}`)
    await client.query(`create table everything (${types.join(', ')}); create schema exact`)
  })
  afterAll(async () => {
    await Promise.all(sessions.map((open) => open.end()))
    await database.drop()
  })

  async function roundTrip(rows: readonly (readonly (string | null)[])[]): Promise<void> {
    const client = await database.connect()
    await client.query('truncate everything; drop table if exists exact.everything')
    for (const [index, row] of rows.entries()) {
      const values = row.map((_, at) => `$${at + 2}`)
      await client.query(`insert into everything (id, ${COLUMNS.join(', ')}) values ($1, ${values.join(', ')})`, [
        index + 1,
        ...row,
      ])
    }
    const [read, write] = [await session('source'), await session('target')]
    const asked = projectionOf(table)
    const oids = (await read.columnsOf(asked.uncast)).slice(0, asked.inputFields).map(({ oid }) => oid)
    const projection = projectionOf(table, null, oids)
    await migrateBookkeeping(write)
    await buildTable({ session: write, publication }, shapeOf(table, publication), 'exact', {
      source: read.client,
      select: projection.sql,
      columns: [...projection.passed, ...projection.computed].map(({ name }) => name),
      rows: (blocks) => new RowRewriter(table, projection, null, blocks),
    })
    const image = (schema: string, prefix: string) =>
      client.query(
        `select id, ${COLUMNS.map((name) => `${name.replace('c_', prefix)}::text as ${name}`).join(', ')} from ${schema}.everything order by id`,
      )
    const [original, passed, ruled] = [
      await image('public', 'c_'),
      await image('exact', 'c_'),
      await image('exact', 'r_'),
    ]
    expect(passed.rows).toEqual(original.rows)
    expect(ruled.rows).toEqual(original.rows)
    const bytes = await client.query('select id from exact.everything where b_text is distinct from c_text')
    expect(bytes.rows).toEqual([])
    await Promise.all([read.end(), write.end()])
    await database.close(client)
  }

  test('every edge of every type arrives unchanged, passed through and through a rule', async () => {
    const longest = Math.max(...Object.values(EDGES).map((values) => values.length))
    const rows = Array.from({ length: longest + 1 }, (_, index) => COLUMNS.map((name) => EDGES[name]?.[index] ?? null))
    await roundTrip(rows)
  })

  test('arbitrary values of every type arrive unchanged', async () => {
    const row = fc.tuple(...COLUMNS.map((name) => fc.option(ARBITRARY[name] ?? fc.constant(''), { freq: 6 })))
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), roundTrip), {
      numRuns: 8,
      endOnFailure: true,
    })
  })
})
