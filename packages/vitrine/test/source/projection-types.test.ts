import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import * as language from '../../src/index.ts'
import {
  bigint,
  compute,
  count,
  definePublication,
  from,
  integer,
  open,
  type PublishedTable,
  register,
  text,
} from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { checkProjections } from '../../src/source/projection-types.ts'

/** The register says what the test wants to believe; the table says what is true. */
const source = register('op', {
  thing: {
    id: open.bigint,
    small: open.smallint,
    label: open.text,
    fixed: open.varchar(3),
    mood: open.text,
    amount: open.numeric,
    ratio: open.doublePrecision,
    seen: open.timestamptz,
    day: open.date,
    facts: open.jsonb,
    tags: open.textArray,
    list: open.text,
    address: open.text,
  },
})
const SCHEMA = `
  create schema op;
  create type op.mood as enum ('good', 'bad');
  create table op.thing (id bigint, small smallint, label varchar(9), fixed char(3), mood op.mood, amount numeric(9,2), ratio real,
    seen timestamptz, day date, facts json, tags varchar(9)[], list varchar(9)[], address inet)`
const things = from(source.selectFrom('thing as t'))
const publicationOf = (...tables: readonly PublishedTable[]) =>
  definePublication({ name: 'shop', schema: 'shop', source, tables, writer: 'w', reader: 'r' })

const NO_FUNCTION = 'The server says: function lower(bigint) does not exist. SQLSTATE 42883.'

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  let admin: pg.Client
  let session: Session
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'types')
    role = await database.createRole('app')
    admin = await database.connect()
    await admin.query(
      `${SCHEMA}; grant usage on schema op to "${role.user}"; grant select on op.thing to "${role.user}"`,
    )
    session = await connect(database.address(role), { side: 'source', name: 'test', searchPath: ['op'] })
  })
  afterAll(async () => {
    await session.end()
    await database.drop([role])
  })

  test('casts that are exact pass, and the types of the inputs are given', async () => {
    const wide = things.publish('wide', 'W', ({ ref, selectFrom }) => ({
      id: bigint(ref('t.small'), 'Widened').primaryKey(),
      number: language.numeric(ref('t.id'), 'Widened'),
      label: text(ref('t.label'), 'Varchar'),
      fixed: text(ref('t.fixed'), 'Char'),
      mood: text(ref('t.mood'), 'Enumeration'),
      ratio: language.doublePrecision(ref('t.ratio'), 'Real'),
      facts: language.jsonb(ref('t.facts'), 'Json'),
      tags: language.textArray(ref('t.tags'), 'Varchars'),
      things: integer(selectFrom('thing').select(count().as('n')).$asScalar().$notNull(), 'A count is a bigint'),
      rule: text(
        compute({ small: ref('t.small'), seen: ref('t.seen') }, () => ''),
        'Rule',
      ),
      other: text(
        compute({ amount: ref('t.amount'), label: ref('t.label') }, () => ''),
        'Rule',
      ),
    }))
    const ruled = things.publish('ruled', 'All columns are made by rules', ({ ref }) => ({
      day: text(
        compute({ day: ref('t.day') }, () => ''),
        'Rule',
      ),
    }))
    const constant = things.publish('constant', 'Nothing is selected', () => ({
      one: text(
        compute({}, () => ''),
        'Rule',
      ),
    }))
    const plain = things.publish('plain', 'No rule', ({ ref }) => ({ day: language.date(ref('t.day'), 'Day') }))
    expect(await checkProjections(session, publicationOf(wide, ruled, constant, plain))).toEqual(
      new Map([
        ['wide', [21, 1184, 1700, 1043]],
        ['ruled', [1082]],
        ['constant', []],
        ['plain', []],
      ]),
    )
  })

  test('a column whose cast would change values is refused, with declared and found type', async () => {
    const wrong = things.publish('wrong', 'W', ({ cast, ref }) => ({
      id: bigint(ref('t.id'), 'Key').primaryKey(),
      rounded: integer(cast<number>(ref('t.amount'), 'numeric'), 'Rounds'),
      shortened: language.real(ref('t.ratio'), 'Right'),
      approximate: language.numeric(cast<language.Numeric>(ref('t.ratio'), 'real'), 'Approximate'),
      day: language.date(cast<language.LocalDate>(ref('t.seen'), 'timestamptz'), 'Depends on the zone'),
      seen: language.timestamp(cast<language.LocalDateTime>(ref('t.day'), 'date'), 'Gains a time'),
      number: text(cast<string>(ref('t.id'), 'bigint'), 'Not a text'),
      list: text(ref('t.list'), 'A list'),
    }))
    await expect(checkProjections(session, publicationOf(wrong))).rejects.toMatchObject({
      code: 'SOURCE_TYPE_MISMATCH',
      problems: [
        { place: 'wrong.rounded', detail: 'declared integer, found numeric' },
        { place: 'wrong.approximate', detail: 'declared numeric, found real' },
        { place: 'wrong.day', detail: 'declared date, found timestamp with time zone' },
        { place: 'wrong.seen', detail: 'declared timestamp without time zone, found date' },
        { place: 'wrong.number', detail: 'declared text, found bigint' },
        { place: 'wrong.list', detail: 'declared text, found character varying[]' },
      ],
    })
  })

  test('an input that rules cannot receive is refused; the words of an enumeration are texts', async () => {
    const ruled = things.publish('ruled', 'R', ({ ref }) => ({
      a: text(
        compute({ address: ref('t.address'), mood: ref('t.mood') }, () => ''),
        'Rule',
      ),
    }))
    await expect(checkProjections(session, publicationOf(ruled))).rejects.toMatchObject({
      code: 'SOURCE_TYPE_MISMATCH',
      problems: [{ place: 'ruled (rule input address)', detail: 'rules cannot receive inet' }],
    })
  })

  test('a query that the source refuses is told by its column and in the words of the server, all of them at once', async () => {
    const good = things.publish('good', 'G', ({ ref }) => ({ id: bigint(ref('t.id'), 'Key') }))
    const bad = (name: string) =>
      things.publish(name, 'B', ({ ref, fn }) => ({
        id: text(fn<string>('lower', ['t.id']), 'No such function'),
        key: bigint(ref('t.id'), 'K'),
      }))
    const refused = checkProjections(session, publicationOf(bad('one'), good, bad('two')))
    await expect(refused).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
      detail: expect.stringMatching(/^Written at .*[\\/]projection-types\.test\.ts:\d+\.$/),
      place: 'one.id',
      sqlState: '42883',
      problems: [
        { place: 'one.id', detail: NO_FUNCTION },
        { place: 'two.id', detail: NO_FUNCTION },
      ],
    })
    const elsewhere = from(
      source.selectFrom('thing as t').where(({ eb, fn }) => eb(fn<string>('lower', ['t.id']), '=', '')),
    ).publish('elsewhere', 'E', ({ ref }) => ({ id: bigint(ref('t.id'), 'K') }))
    const input = things.publish('input', 'I', ({ ref, fn }) => ({
      id: bigint(ref('t.id'), 'K'),
      made: text(
        compute({ label: ref('t.label'), low: fn<string>('lower', ['t.id']) }, () => ''),
        'Rule',
      ),
    }))
    await expect(checkProjections(session, publicationOf(elsewhere, input))).rejects.toMatchObject({
      problems: [
        { place: 'elsewhere', detail: NO_FUNCTION },
        { place: 'input (rule input low)', detail: NO_FUNCTION },
      ],
    })
    expect(await session.query('select name from pg_prepared_statements')).toEqual([])
    await session.execute('begin')
    await expect(checkProjections(session, publicationOf(bad('one'), good))).rejects.toMatchObject({
      problems: [{ place: 'one', detail: 'SQLSTATE 42883.' }],
    })
    await session.execute('rollback')
  })

  test('a right that is missing is told as such', async () => {
    await admin.query(`revoke select on op.thing from "${role.user}"; grant select (id) on op.thing to "${role.user}"`)
    const named = things.publish('named', 'N', ({ ref }) => ({ label: text(ref('t.label'), 'L') }))
    await expect(checkProjections(session, publicationOf(named))).rejects.toMatchObject({
      code: 'PRIVILEGE_MISSING',
      place: 'named',
      problems: [{ detail: 'The server says: permission denied for table thing. SQLSTATE 42501.' }],
    })
    await admin.query(`grant select on op.thing to "${role.user}"`)
  })

  test('a lost connection is told as such, not as a refused query', async () => {
    const lost = await connect(database.address(role), { side: 'source', name: 'lost' })
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lost'")
    const any = things.publish('any', 'A', ({ ref }) => ({ id: bigint(ref('t.id'), 'Key') }))
    await expect(checkProjections(lost, publicationOf(any))).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await lost.end()
  })
})
