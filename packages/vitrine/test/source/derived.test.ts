// Views and generated columns have the highest class of what they are made of, asked of real servers.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { indirect, open, partly, personal, register, secret } from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { findDrift } from '../../src/source/drift.ts'
import { shop } from '../publication/shop.ts'

const PERSON = { id: indirect.bigint, email: personal.text, password: secret.text, city: open.text }
const SCHEMA = `
  create table person (id bigint primary key, email text not null, password text not null, city text not null);
  create table hidden (id bigint primary key, note text not null);
  create view passing as select id, password from person;
  create function note(bigint) returns text language sql stable as 'select note from public.hidden where id = $1';`

/** A view `v` of one column `x`, registered as open, and what is said of it. */
const VIEWS: readonly (readonly [sql: string, made: string | null])[] = [
  ["select city || '!' as x from person", null],
  ["select 'constant' as x", null],
  ['select count(*)::text as x from person', null],
  ['select id::text as x from person', 'public.person.id (indirect)'],
  ['select upper(email) as x from person', 'public.person.email (personal)'],
  ["select city as x from person where email like 'a%'", 'public.person.email (personal)'],
  ['select city as x from person order by password', 'public.person.password (secret)'],
  ['select (select max(password) from person) as x', 'public.person.password (secret)'],
  ['with w as (select email as y from person) select y as x from w', 'public.person.email (personal)'],
  ['select password as x from passing', 'public.person.password (secret)'],
  ['select p::text as x from person p', 'public.person.password (secret)'],
  ['select to_jsonb(p)::text as x from (select city, p.* from person p) p', 'public.person.password (secret)'],
  ['select note as x from hidden', 'public.hidden.note (personal)'],
  ['select note(id) as x from person', 'public.note(bigint) (personal)'],
  ['select rolname::text as x from pg_roles', 'pg_catalog.pg_roles.rolname (personal)'],
  ['select relname::text as x from pg_class', 'a table of PostgreSQL itself (personal)'],
]

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  let admin: Client
  let session: Session
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'derived')
    role = await database.createRole('reading')
    admin = await database.connect()
    await admin.query(SCHEMA)
    await admin.query(
      `alter default privileges in schema public grant select on tables to ${role.user}; grant select on person to ${role.user}`,
    )
    const settings = { side: 'source', name: 'test', searchPath: ['pg_catalog'] } as const
    session = await connect(database.address(role), settings)
  })
  afterAll(async () => {
    await session.end()
    await admin.query(`drop owned by ${role.user}`)
    await database.drop([role])
  })
  const said = async (source: ReturnType<typeof register>) =>
    (await findDrift(session, source)).map(({ place, detail }) => `${place}: ${detail}`)

  test.each(VIEWS)('a view «%s»', async (sql, made) => {
    for (const kind of ['view', 'materialized view']) {
      await admin.query(`create ${kind} v as ${sql}`)
      const expected = made === null ? [] : [`v: made of ${made}, and registered as less: x`]
      const tables = { person: PERSON, v: { x: open.text.nullable } }
      expect(await said(register('public', tables))).toEqual(expected)
      expect(await said(register('public', tables, { derived: { v: 'looked at' } }))).toEqual([])
      const [, privacy = 'open'] = /\((\w+)\)$/.exec(made ?? '') ?? []
      const words = { open, indirect, personal, secret }[privacy as 'open'] // sound because the texts above name classes.
      expect(await said(register('public', { ...tables, v: { x: words.text.nullable } }))).toEqual([])
      await admin.query(`drop ${kind} v`)
    }
  })

  test('what lies behind a registered view is that view’s own affair; a column that is not registered is personal', async () => {
    await admin.query(
      'create view inner_view as select email as y from person; create view v as select y as x from inner_view',
    )
    const tables = {
      person: partly('some', { id: indirect.bigint }),
      inner_view: { y: open.text.nullable },
      v: { x: open.text.nullable },
    }
    expect(await said(register('public', tables, { derived: { inner_view: 'looked at' } }))).toEqual([])
    expect(await said(register('public', tables))).toEqual([
      'inner_view: made of public.person.email (personal), and registered as less: y',
    ])
    await admin.query('drop view v, inner_view')
  })

  test('generated columns', async () => {
    const kinds = version === 18 ? ['stored', 'virtual'] : ['stored']
    for (const kind of kinds) {
      await admin.query(`alter table person add domain_name text generated always as (split_part(email, '@', 2)) ${kind},
        add place text generated always as (upper(city)) ${kind}`)
      const tables = { person: { ...PERSON, domain_name: open.text.nullable, place: open.text.nullable } }
      expect(await said(register('public', tables))).toEqual([
        'person.domain_name: made of public.person.email (personal), and registered as less: domain_name',
      ])
      expect(await said(register('public', tables, { derived: { 'person.domain_name': 'firms alone' } }))).toEqual([])
      await admin.query('alter table person drop domain_name, drop place')
    }
  })
})

test('a reason is not blank', async () => {
  const publication = shop({ writer: 'w', reader: 'r' })
  const { problems } = await checkPublication({
    ...publication,
    source: { ...publication.source, derived: { v: ' ' } },
  })
  expect(problems).toMatchObject([{ place: 'v', detail: 'the register gives no reason' }])
})
