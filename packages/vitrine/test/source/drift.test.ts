import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { bigint, from, open, partly, personal, register, secret, text } from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { findDrift, requireNoDrift } from '../../src/source/drift.ts'

const source = register(
  'op',
  {
    person: {
      id: open.bigint,
      email: personal.varchar(100),
      password: secret.text,
      born: personal.date.nullable,
      mood: open.text.nullable,
      score: open.numeric.nullable,
    },
    report: partly('many columns that are never read', { id: open.bigint, year: open.integer }),
  },
  { derived: { person: 'Tests put a view in its place.' } },
)
const person = from(source.selectFrom('person as p')).publish('person', 'A person.', ({ ref }) => ({
  id: bigint(ref('p.id'), 'Key').primaryKey(),
  mood: text(ref('p.mood'), 'Mood').nullable(),
}))

const SCHEMA = `
  drop schema if exists op cascade;
  create schema op;
  create type op.mood as enum ('good', 'bad');
  create domain op.address as varchar(100) not null;
  create table op.person (id bigint primary key, email op.address, password text not null, born date, mood op.mood, score numeric(5, 2));
  create table op.report (id bigint not null, year integer not null, a1 text, a2 text, a3 inet);`

const lineOf = (word: string): string => (word.startsWith('opaque') ? word : `personal.${word}.nullable`)

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  let admin: pg.Client
  let session: Session
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'drift')
    role = await database.createRole('app')
    admin = await database.connect()
    session = await connect(database.address(role), { side: 'source', name: 'test', searchPath: ['op'] })
  })
  beforeEach(async () => {
    await admin.query(
      `${SCHEMA} grant usage on schema op to "${role.user}"; grant select on all tables in schema op to "${role.user}"`,
    )
  })
  afterAll(async () => {
    await session.end()
    await database.drop([role])
  })

  const drift = async (change: string, tables?: Parameters<typeof findDrift>[2]) => {
    await admin.query(change)
    const problems = await findDrift(session, source, tables)
    return problems.map(({ place, detail, remedy }) => `${place}: ${detail} | ${remedy}`.replaceAll(role.user, 'app'))
  }

  test('a source that the register describes has no drift', async () => {
    expect(await drift('select 1')).toEqual([])
    expect(await drift('select 1', [person])).toEqual([])
    await requireNoDrift(session, source)
  })

  test('a missing table', async () => {
    expect(await drift('drop table op.report')).toEqual([
      'report: the source has no such table | remove it from the register, or correct its name there',
    ])
  })

  test('a missing column, with the name it may have now', async () => {
    expect(await drift('alter table op.person rename born to birthday')).toEqual([
      'person.born: the source has no such column; renamed to «birthday»? | remove it from the register, or correct its name there',
      'person.birthday: the register does not name it (date) | add to the register: birthday: personal.date.nullable,',
    ])
    expect(await drift('alter table op.person drop birthday, add phone varchar(20)')).toEqual([
      'person.born: the source has no such column | remove it from the register, or correct its name there',
      'person.phone: the register does not name it (character varying(20)) | add to the register: phone: personal.varchar(20).nullable,',
    ])
  })

  test('a column of another type, or that has become nullable', async () => {
    expect(
      await drift(`
        alter table op.person alter score type integer, alter password drop not null;
        alter table op.person alter email type varchar(255), alter born type inet using null`),
    ).toEqual([
      'person.email: the source has character varying(255), the register character varying(100); the source allows NULL, the register does not | write in the register: email: personal.varchar(255).nullable,',
      'person.password: the source allows NULL, the register does not | write in the register: password: secret.text.nullable,',
      'person.born: the source has inet, the register date | write in the register: born: personal.inet.nullable,',
      'person.score: the source has integer, the register numeric | write in the register: score: open.integer.nullable,',
    ])
  })

  test.each([
    ['varchar(20)', 'varchar(20)'],
    ['varchar', 'text'],
    ['char(9)', 'varchar(9)'],
    ['name', 'text'],
    ['op.mood', 'text'],
    ['numeric(10, 2)', 'numeric'],
    ['double precision', 'doublePrecision'],
    ['timestamptz(3)', 'timestamptz'],
    ['timestamp', 'timestamp'],
    ['time(0)', 'time'],
    ['json', 'jsonb'],
    ['boolean', 'boolean'],
    ['uuid', 'uuid'],
    ['smallint[]', 'integerArray'],
    ['bigint[]', 'bigintArray'],
    ['varchar(9)[]', 'textArray'],
    ['op.mood[]', 'textArray'],
    ['op.address[]', 'textArray'],
    ['inet', 'inet'],
    ['point', "opaque('point')"],
    ['op.report', "opaque('report')"],
  ])('a column of type %s is registered as %s', async (type, word) => {
    expect(await drift(`alter table op.person add a ${type}`)).toEqual([
      expect.stringMatching(new RegExp(`add to the register: a: ${lineOf(word).replace(/[()]/g, '\\$&')},$`)),
    ])
  })

  test('a new column fails unless its table is registered in part', async () => {
    expect(
      await drift(
        'alter table op.report add a4 text; alter table op.person add "l’IP" inet, add "code_NAF" char(5) not null',
      ),
    ).toEqual([
      "person.l’IP: the register does not name it (inet) | add to the register: 'l’IP': personal.inet.nullable,",
      'person.code_NAF: the register does not name it (character(5)) | add to the register: code_NAF: personal.varchar(5),',
    ])
  })

  test.each(['view', 'materialized view'])(
    'a %s is a source, and cannot say that its columns are not null',
    async (kind) => {
      const replaced = `
      alter table op.person rename to person_base;
      create ${kind} op.person as select * from op.person_base;
      grant select on op.person to "${role.user}"`
      expect(await drift(replaced, [person])).toEqual([])
    },
  )

  test('a partitioned table is a source', async () => {
    const replaced = `
      drop table op.report;
      create table op.report (id bigint not null, year integer not null) partition by list (year);
      grant select on op.report to "${role.user}"`
    expect(await drift(replaced)).toEqual([])
  })

  test('a right on columns is asked for the columns that the queries name, and for no other', async () => {
    const narrow = `revoke select on op.person, op.report from "${role.user}"; grant select (id, mood) on op.person to "${role.user}"`
    expect(await drift(narrow, [person])).toEqual([])
    expect(await drift(`revoke select (mood) on op.person from "${role.user}"`, [person])).toEqual([
      'person: the role app may not read mood | grant select (mood) on op.person to app;',
    ])
    expect(await drift('select 1')).toEqual([
      'report: the role app may not read it | grant select on op.report to app;',
    ])
    expect(await drift(`revoke select (id) on op.person from "${role.user}"`, [person])).toEqual([
      'person: the role app may not read it | grant select on op.person to app;',
    ])
    expect(await drift(`revoke usage on schema op from "${role.user}"`)).toEqual([
      'schema op: the role app may not use it | grant usage on schema op to app;',
    ])
  })

  test('a row security policy that applies to us', async () => {
    expect(await drift('alter table op.person enable row level security', [person])).toEqual([
      'person: a row security policy hides rows from the role app | alter role app bypassrls;',
    ])
  })

  test('a schema that does not exist', async () => {
    expect(await drift('drop schema op cascade')).toEqual([
      'schema op: it does not exist | correct the schema in the register, or the URL of the source',
    ])
  })

  test('drift stops a run, with every problem', async () => {
    await admin.query('alter table op.person drop born, drop mood')
    await expect(requireNoDrift(session, source)).rejects.toMatchObject({
      code: 'SOURCE_DRIFT',
      place: 'op',
      problems: [{ place: 'person.born' }, { place: 'person.mood' }],
    })
  })
})
