// What a database may hold to make a query mean something else: it is not found, or it is named before a row is read.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { because, bigint, from, indirect, open, type PublishedTable, register, sql, text } from '../../src/index.ts'
import { connect } from '../../src/postgres/connect.ts'
import { type RegisterOptions, sourcePath } from '../../src/publication/register.ts'
import { findDrift } from '../../src/source/drift.ts'
import { selectText } from '../../src/testing.ts'

const COLUMNS = { id: indirect.bigint, name: open.varchar(20), mood: open.text, email: open.text }
/** The same query under registers that declare different things. */
function published(
  options: RegisterOptions,
  expression: string,
): { table: PublishedTable; source: ReturnType<typeof register> } {
  const source = register('app', { person: COLUMNS }, options)
  const table = from(source.selectFrom('person as p')).publish('t', 'T', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'K').primaryKey(),
    x: text(sql.raw<string>(expression), 'X'),
  }))
  return { table, source }
}

const SCHEMA = `
  create schema app; create schema ext; create extension citext with schema ext;
  create type app.mood as enum ('good', 'bad');
  create table app.person (id bigint primary key, name varchar(20) not null, mood app.mood not null, email ext.citext not null);
  insert into app.person values (1, 'ann', 'good', 'Ann@Example.org');
  create function app.leaked() returns text language sql as 'select ''leaked''';`

/** What shadows in a schema; `undo` takes it away. */
const SHADOWS: readonly (readonly [
  what: string,
  expression: string,
  plant: (schema: string) => string,
  undo: (schema: string) => string,
])[] = [
  [
    'function upper(character varying)',
    'upper(p.name)',
    (s) => `create function ${s}.upper(varchar) returns text language sql as 'select app.leaked()'`,
    (s) => `drop function ${s}.upper(varchar)`,
  ],
  [
    'operator ||(character varying,character varying)',
    'p.name || p.name',
    (s) =>
      `create function ${s}.glued(varchar, varchar) returns text language sql as 'select app.leaked()'; create operator ${s}.|| (leftarg = varchar, rightarg = varchar, function = ${s}.glued)`,
    (s) => `drop operator ${s}.|| (varchar, varchar); drop function ${s}.glued`,
  ],
  [
    'operator =(character varying,character varying)',
    "case when p.name = p.name then 'same' else 'leaked' end",
    (s) =>
      `create function ${s}.never(varchar, varchar) returns boolean language sql as 'select false'; create operator ${s}.= (leftarg = varchar, rightarg = varchar, function = ${s}.never)`,
    (s) => `drop operator ${s}.= (varchar, varchar); drop function ${s}.never`,
  ],
]

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  let admin: Client
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'shadows')
    role = await database.createRole('reading')
    admin = await database.connect()
    await admin.query(SCHEMA)
    await admin.query(
      `grant usage on schema app, ext, public to ${role.user}; grant select on app.person to ${role.user}`,
    )
  })
  afterAll(async () => {
    await database.drop([role])
  })

  /** What a check says, and the value that a run would read. */
  async function judged(options: RegisterOptions, expression: string) {
    const { table, source } = published(options, expression)
    const settings = { side: 'source', name: 'test' } as const
    const session = await connect(database.address(role), { ...settings, searchPath: sourcePath(source) })
    try {
      const problems = await findDrift(session, source, [table])
      const rows = await session.query<{ x: string }>(selectText(table))
      return {
        problems: problems.map(({ place }) => place),
        remedies: problems.map(({ remedy }) => remedy),
        value: rows[0]?.x,
      }
    } finally {
      await session.end()
    }
  }
  const CITEXT = { extensions: { citext: 'ext' } }

  test.each(SHADOWS)(
    '%s: not found in a schema of the team, refused in that of a declared extension',
    async (what, expression, plant, undo) => {
      for (const schema of ['public', 'app']) {
        await admin.query(plant(schema))
        const { problems, value } = await judged({}, expression)
        expect([problems, value]).toEqual([[], expect.not.stringContaining('leaked')])
        await admin.query(undo(schema))
      }
      await admin.query(plant('ext'))
      const { problems, value } = await judged(CITEXT, expression)
      // The attack succeeds there, which is why it is refused before a row is read.
      expect([problems, value]).toEqual([[`${what} in ext`], 'leaked'])
      await admin.query(undo('ext'))
    },
  )

  test('one in pg_catalog itself is refused; one that is named with a reason is not', async () => {
    const [, expression, plant, undo] = SHADOWS[0] ?? SHADOWS[1] ?? []
    if (expression === undefined || plant === undefined || undo === undefined) throw new Error('no shadow')
    await admin.query(plant('pg_catalog'))
    expect(await judged({}, expression)).toMatchObject({
      problems: ['function upper(character varying) in pg_catalog'],
      value: 'leaked',
    })
    expect(await judged({ functions: { upper: 'ours' } }, expression)).toMatchObject({ problems: [] })
    await admin.query(undo('pg_catalog'))
  })

  test('a type of the name of one of PostgreSQL’s, and a table of the name of one that is registered', async () => {
    await admin.query(`create domain public.text as varchar(1); create domain app.text as varchar(1);
      create table public.person (id bigint, name text); create table ext.person (id bigint, name text)`)
    expect(await judged(CITEXT, 'cast(p.name as text)')).toMatchObject({ problems: [], value: 'ann' })
    await admin.query('drop domain public.text; drop domain app.text; drop table public.person, ext.person')
  })

  test('casts of the team’s own type, and of PostgreSQL’s, are refused where a query may use them', async () => {
    await admin.query(`create function app.told(app.mood) returns text language sql as 'select app.leaked()';
      create cast (app.mood as text) with function app.told(app.mood) as implicit`)
    expect(await judged({}, 'cast(p.mood as text)')).toMatchObject({
      problems: ['cast app.mood as text'],
      value: 'leaked',
    })
    expect(await judged({}, 'p.name')).toMatchObject({ problems: [] })
    await admin.query(`drop cast (app.mood as text);
      create function app.made(text) returns uuid language sql as 'select null::uuid'; create cast (text as uuid) with function app.made(text) as implicit`)
    expect(await judged({}, 'p.name')).toMatchObject({ problems: ['cast text as uuid'] })
    await admin.query('drop cast (text as uuid)')
    // PostgreSQL itself passes by a cast of a domain.
    await admin.query(`create domain app.moody as app.mood; create function app.domained(app.moody) returns text language sql as 'select app.leaked()';
      create cast (app.moody as text) with function app.domained(app.moody)`)
    expect(await judged({}, 'cast(cast(p.mood as text) as text)')).toMatchObject({ problems: [], value: 'good' })
    await admin.query('drop cast (app.moody as text)')
  })

  test('a column of an extension’s type compares as the extension says, or is refused', async () => {
    const compared = "case when p.email = 'ann@EXAMPLE.org' then 'same' else 'other' end"
    const undeclared = await judged({}, compared)
    expect(undeclared).toMatchObject({
      problems: ['person.email'],
      remedies: ["write in the register: register(…, { extensions: { citext: 'ext' } })"],
      value: 'other',
    })
    expect(await judged(CITEXT, compared)).toMatchObject({ problems: [], value: 'same' })
    expect(await judged({ extensions: { citext: 'public' } }, compared)).toMatchObject({
      problems: ['extension citext'],
    })
    expect(await judged({ extensions: { hstore: 'ext' } }, 'p.name')).toMatchObject({
      problems: ['extension hstore', 'extension citext'],
    })
    await admin.query(`revoke usage on schema ext from ${role.user}`)
    expect((await judged(CITEXT, compared)).problems).toContain('extension citext')
    await admin.query(`grant usage on schema ext to ${role.user}`)
  })
})
