/**
 * Every type of the catalogue: the register takes it by the word that is suggested, what is published arrives to the byte, and
 * what can carry a text is searched or not published.
 */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { rowsThrough } from '../../src/copy/row-rewrite.ts'
import * as vitrine from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { projectionOf } from '../../src/publication/select-text.ts'
import { shapeOf } from '../../src/publication/shape.ts'
import { watchedPatterns } from '../../src/publication/table.ts'
import { migrateBookkeeping } from '../../src/record/bookkeeping.ts'
import { findDrift } from '../../src/source/drift.ts'
import { checkProjections } from '../../src/source/projection-types.ts'
import { buildTable } from '../../src/version/build.ts'

/** Values of each word in every domain and enumeration of the database; the second is of a type whose spelling may vary. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['7', '-32768'],
  integer: ['7', '32767'],
  bigint: ['9007199254740993'],
  numeric: ['1.00', 'NaN', '12345678901234567890.123456789'],
  real: ['0.1', '-0'],
  doublePrecision: ['0.1', 'Infinity'],
  boolean: ['true'],
  text: ['YES', 'NO'],
  uuid: ['00000000-0000-0000-0000-00000000000f'],
  date: ['0044-03-15 BC', 'infinity'],
  time: ['24:00:00'],
  timestamp: ['2024-02-29 00:00:00.000001'],
  timestamptz: ['2026-10-25 02:30:00+02'],
  jsonb: ['{"a": [1.10, null]}'],
  timetz: ['12:00:00+05:30'],
  interval: ['1 mon -3 days 00:00:00.000001', '24:00:00'],
  inet: ['2001:db8::1/64'],
  cidr: ['192.0.2.0/24'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  int4range: ['[1,5)', 'empty'],
  int8range: ['(,9007199254740993)'],
  numrange: ['[1.10,2.0]'],
  daterange: ['[2024-02-29,infinity)'],
  tsrange: ['[2024-02-29 00:00,)'],
  tstzrange: ['[2024-02-29 00:00+01,2024-03-01 00:00+01)'],
  int4multirange: ['{[1,2),[5,9)}'],
  int8multirange: ['{[1,2)}'],
  nummultirange: ['{[1.10,2.0]}'],
  datemultirange: ['{[2024-02-29,2024-03-01)}'],
  tsmultirange: ['{[2024-02-29 00:00,2024-03-01 00:00)}'],
  tstzmultirange: ['{}'],
  money: ['1234.56'],
  xml: ['<a>b</a>'],
  hstore: ['"a"=>"b", "c"=>NULL'],
}
/** What the columns of these words are published as. */
const AS: Readonly<Record<string, string>> = { money: 'numeric', xml: 'text', hstore: 'jsonb' }
const ADDRESS = 'anna@example.org'
/** The texts of these words, around a text that may not be published. */
const AROUND: Readonly<Record<string, (text: string) => string>> = {
  jsonb: (text) => `{"a": "${text}"}`,
  hstore: (text) => `"a"=>"${text}"`,
}

interface Place {
  readonly column: string
  readonly type: string
  /** Of its elements, where it is an array. */
  readonly word: string
  readonly isArray: boolean
}
type Make = (value: never, comment: string) => vitrine.Column
// sound because the functions of the language are found by their words.
const made = vitrine as unknown as Readonly<Record<string, Make | undefined>>

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let client: pg.Client
  let session: Session
  let source: vitrine.TypedSource<never>
  let places: readonly Place[]
  const drift = (...tables: readonly (readonly vitrine.PublishedTable[])[]) => findDrift(session, source, ...tables)
  const registered = (lines: readonly string[]) => {
    // sound because the lines are those that drift has just suggested; what is personal is published here.
    const columns: Readonly<Record<string, vitrine.RegisteredColumn>> = new Function(
      'personal',
      'opaque',
      `return { id: personal.integer, ${lines.join(' ')} }`,
    )(vitrine.open, vitrine.opaque)
    const extensions = { citext: 'elsewhere', hstore: 'elsewhere' }
    source = vitrine.register('public', { every: columns }, { extensions }) as unknown as typeof source
    return columns
  }

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'types')
    client = await database.connect()
    await client.query(`
      create schema elsewhere; create schema every;
      create extension citext schema elsewhere; create extension hstore schema elsewhere;
      create type elsewhere.mood as enum ('YES', 'NO', '${ADDRESS}');
      create type elsewhere.textrange as range (subtype = text);
      create domain elsewhere.d1 as varchar(20); create domain elsewhere.d2 as elsewhere.d1 check (value <> '');
      create domain elsewhere.n1 as integer; create domain elsewhere.n2 as elsewhere.n1; create domain elsewhere.lists as integer[]`)
    const { rows } = await client.query<{ oid: number; type: string }>(
      `select t.oid, regexp_replace(format_type(t.oid, null), '^character(\\[\\])?$', 'bpchar\\1') as type from pg_type t left join pg_class c on c.oid = t.typrelid
       where t.typtype <> 'p' and coalesce(t.typelem, 0) not in (select oid from pg_type where typtype = 'p') and t.typname !~ 'unknown'
         and (c.oid is null or c.relname in ('pg_class', 'pg_proc')) and not (t.typcategory = 'A' and t.typelem in (select oid from pg_type where typtype = 'c'))`,
    )
    await client.query(
      `create table every (id integer not null, ${rows.map((row) => `t${row.oid} ${row.type}`).join(', ')})`,
    )
    const types = new Map(rows.map(({ oid, type }) => [`t${oid}`, type]))
    session = await connect(database.address(), {
      side: 'source',
      name: 'test',
      readOnly: false,
      searchPath: ['pg_catalog', 'elsewhere'],
    })
    registered([])
    const lines = (await drift()).map(({ remedy = '' }) => /: (t\d+: .*,)$/.exec(String(remedy))?.[1] ?? '')
    registered(lines)
    places = lines.flatMap((line) => {
      const [, column = '', full = ''] = /^(t\d+): personal\.(\w+)/.exec(line) ?? []
      const word = full.replace(/Array$/, '').replace('varchar', 'text')
      return full === '' ? [] : [{ column, type: types.get(column) ?? '', word, isArray: full.endsWith('Array') }]
    })
    expect(rows.length).toBeGreaterThan(180)
    expect(lines).toHaveLength(rows.length)
  })
  afterAll(async () => {
    await session.end()
    await database.drop()
  })

  /** The columns that can be published, each by the function of its word. */
  const published = () =>
    places.flatMap((place) => {
      const make = made[`${AS[place.word] ?? place.word}${place.isArray ? 'Array' : ''}`]
      return make === undefined ? [] : [{ ...place, make }]
    })
  const table = () =>
    vitrine.from(source.selectFrom('every' as never)).publish('every', 'Every type.', () => ({
      id: vitrine.integer(vitrine.sql<number>`every.id`, 'Key').primaryKey(),
      ...Object.fromEntries(
        published().map(({ column, make }) => [
          column,
          make(vitrine.sql.ref(`every.${column}`) as never, 'x').nullable() as vitrine.Column<'nullable'>,
        ]),
      ),
    }))
  const publication = () =>
    vitrine.definePublication({ name: 'every', schema: 'every', source, tables: [table()], writer: 'w', reader: 'r' })

  /** The table as a run would read and write it. */
  async function land(): Promise<void> {
    const [found] = publication().tables
    if (found === undefined) throw new Error('no table')
    await client.query('drop table if exists every.every')
    const projection = projectionOf(found)
    const target = await connect(database.address(), { side: 'target', name: 'test', readOnly: false })
    try {
      await migrateBookkeeping(target)
      await buildTable({ session: target, publication: publication() }, shapeOf(found, publication()), 'every', {
        source: session.client,
        select: projection.sql,
        columns: projection.passed.map(({ name }) => name),
        rows: rowsThrough(found, projection, null),
      })
    } finally {
      await target.end()
    }
  }
  const literal = (text: string, { isArray, type }: Place) =>
    isArray ? `array[['${text}', null], [null, '${text}']]::text[]::${type}` : `'${text}'::${type}`

  test('is registered by the word that is suggested, and then there is no drift', async () => {
    expect(await drift([table()])).toEqual([])
    await checkProjections(session, publication())
    const words = new Set(places.map(({ word, isArray }) => word + (isArray ? '[]' : '')))
    for (const word of Object.keys(VALUES)) {
      expect(words).toContain(word)
      if (word !== 'smallint') expect(words).toContain(`${word}[]`)
    }
  })

  test('arrives to the byte, alone and in arrays', async () => {
    await client.query('truncate every')
    for (const index of [0, 1, 2]) {
      const of = (place: Place) => {
        const values = VALUES[place.word] ?? []
        return values.length === 0 ? 'null' : literal(values[Math.min(index, values.length - 1)] ?? '', place)
      }
      await client.query(
        `insert into every (id, ${published()
          .map(({ column }) => column)
          .join(', ')}) values (${[index + 1, ...published().map(of)].join(', ')})`,
      )
    }
    await land()
    const { rows: types } = await client.query<{ column: string }>(
      `select n.attname as column from pg_attribute o join pg_attribute n on n.attname = o.attname and n.atttypid = o.atttypid
       where o.attrelid = 'public.every'::regclass and n.attrelid = 'every.every'::regclass and o.attnum > 0`,
    )
    const sameType = new Set(types.map(({ column }) => column))
    const differs = published().map(({ column, word, isArray }) => {
      const [o, p] = [`o.${column}`, `p.${column}`]
      const changed = sameType.has(column)
        ? `row(${o})::record *<> row(${p})::record or ${p} is null`
        : `${o}::${AS[word] ?? word}${isArray ? '[]' : ''} is distinct from ${p} or ${p} is null`
      return `bool_or(${changed}) as ${column}`
    })
    const { rows } = await client.query(`select ${differs.join(', ')} from every o join every.every p on p.id = o.id`)
    expect(Object.entries(rows[0]).filter(([, wrong]) => wrong !== false)).toEqual([])
  })

  test('and what can carry a text is searched, or is not published', async () => {
    const columns = new Map(publication().tables[0]?.columns.map((column) => [column.name, column]))
    const carries: string[] = []
    await client.query('truncate every')
    for (const place of published()) {
      const column = columns.get(place.column)
      // Its domain allows two texts.
      if (column === undefined || place.type.includes('yes_or_no')) continue
      const text = (AROUND[place.word] ?? ((text) => text))(ADDRESS)
      const value = literal(text, place)
      const taken = await client
        .query(`insert into every (id, ${place.column}) values (${column.name.slice(1)}, ${value})`)
        .then(
          () => true,
          () => false,
        )
      expect([place, watchedPatterns(column).length > 0]).toEqual([place, taken])
      if (taken) carries.push(place.column)
    }
    const { problems = [] } = await land().then(
      () => ({}),
      (error) => error,
    )
    expect(problems.map(({ place }: { place: string }) => place).toSorted()).toEqual(carries.toSorted())
  })
})
