// Provision against real servers: by a superuser, by a role that may only make roles, and by the writer alone.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { applyProvision, type ProvisionOptions, planProvision } from '../../src/access/provision.ts'
import { provisionSql } from '../../src/access/provision-script.ts'
import { scramVerifier } from '../../src/access/scram.ts'
import { VitrineError } from '../../src/base/errors.ts'
import { remedyText } from '../../src/base/remedy.ts'
import { Secret } from '../../src/base/secret.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import type { Publication } from '../../src/publication/publication.ts'
import { STAGING, shop } from '../publication/shop.ts'

test('the verifier of a password is the one of RFC 7677', () => {
  // The exchange of RFC 7677, section 3: ServerSignature = HMAC(ServerKey, AuthMessage) fixes the key for this salt.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  expect(scramVerifier(new Secret('pencil'), salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

describe.each(VERSIONS)('on PostgreSQL %i', (version) => {
  let database: TestDatabase
  let publication: Publication
  let roles: readonly TestRole[]
  let passwords: ProvisionOptions
  const made: TestRole[] = []
  const open: Session[] = []
  const databases: TestDatabase[] = []

  const session = async (role?: TestRole): Promise<Session> => {
    const options = { side: 'target', name: 'test', readOnly: false } as const
    const opened = await connect(database.address(role), options)
    open.push(opened)
    return opened
  }
  const asSuperuser = async (sql: string): Promise<void> => (await session()).execute(sql)
  const endSessions = async () => {
    for (const opened of open.splice(0)) await opened.end()
  }

  /** A database without anything of ours, and the names of a writer and a reader that do not exist yet. */
  const begin = async () => {
    database = await TestDatabase.create(version, 'provision')
    databases.push(database)
    const suffix = database.name.slice(-10)
    const named = (user: string, password: string): TestRole => ({ user: `${user}_${suffix}`, password })
    const [writer, reader] = [named('Writer', "quote'd $1 \\ clear-w"), named('reader', 'clear-reader-password')]
    roles = [writer, reader]
    made.push(...roles)
    publication = shop({ writer: writer.user, reader: reader.user })
    passwords = { writerPassword: new Secret(writer.password), readerPassword: new Secret(reader.password) }
  }
  const [writerRole, readerRole] = [() => roles[0] as TestRole, () => roles[1] as TestRole] // sound because `begin` sets two.

  beforeAll(begin)
  afterEach(endSessions)
  afterAll(async () => {
    const [last, ...others] = databases.reverse()
    for (const each of others) await each.drop()
    await last?.drop(made)
  })

  /** What the reader and the writer can do afterwards, tried as themselves. */
  async function proveRights(): Promise<void> {
    const [writer, reader] = [await session(writerRole()), await session(readerRole())]
    await writer.execute(
      `create table shop.late (id bigint); create schema ${STAGING}; alter schema ${STAGING} rename to shop_gone; drop schema shop_gone`,
    )
    await reader.execute('select * from shop.late')
    await reader.execute('begin read write')
    for (const sql of [
      'create temporary table t ()',
      'create schema s',
      'create table public.t ()',
      'delete from shop.late',
    ]) {
      await reader.execute('savepoint s')
      await expect(reader.execute(sql), sql).rejects.toMatchObject({ sqlState: '42501' })
      await reader.execute('rollback to savepoint s')
    }
    await reader.execute('rollback')
    const settings = await reader.query<{ setting: string }>(
      `select name || '=' || reset_val as setting from pg_settings
       where name in ('default_transaction_read_only', 'statement_timeout', 'idle_in_transaction_session_timeout', 'search_path') order by 1`,
    )
    expect(settings.map(({ setting }) => setting)).toEqual([
      'default_transaction_read_only=on',
      'idle_in_transaction_session_timeout=600000',
      'search_path=shop',
      'statement_timeout=300000',
    ])
    await writer.execute('drop table shop.late')
  }

  const refusalOf = async (work: Promise<unknown>): Promise<VitrineError> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(VitrineError)
    return error as VitrineError // sound because of the line above.
  }

  test('a superuser makes everything from nothing, and the second run does nothing', async () => {
    await asSuperuser(
      `grant create on schema public to public; alter database "${database.name}" set log_statement = 'all'`,
    )
    const admin = await session()
    const plan = await planProvision(admin, publication, passwords)
    expect(plan.steps.filter(({ done }) => done).map(({ text }) => text)).toEqual([
      `The writer ${writerRole().user} may log in.`,
      `The reader ${readerRole().user} may log in.`,
      'The reader may connect.',
      'The schema shop belongs to the writer, who alone may rename it.',
      'The reader may read every table of the writer in it.',
    ])
    expect(await admin.query('select from pg_roles where rolname = $1', [writerRole().user])).toEqual([])
    const executed = await applyProvision(admin, plan)
    expect(executed).toHaveLength(plan.steps.length - 5)
    const again = await planProvision(admin, publication, passwords)
    expect(again.steps.filter(({ done }) => !done)).toEqual([])
    expect(await applyProvision(admin, again)).toEqual([])
    await proveRights()
    const [log] = await admin.query<{ text: string }>("select pg_read_file('server.log') as text")
    expect(log?.text).toContain(`create role reader_${database.name.slice(-10)} login password 'SCRAM-SHA-256$4096:`)
    expect(log?.text.includes('clear-')).toBe(false)
    expect(JSON.stringify(plan)).not.toContain('clear-')
  })

  test('tables that were there before become readable, those of other roles stay theirs', async () => {
    const [writer, admin] = [await session(writerRole()), await session()]
    await writer.execute('create table shop.old (id bigint)')
    await admin.execute(`create table shop.foreign_one (id bigint); revoke all on shop.old from ${readerRole().user}`)
    const plan = await planProvision(writer, publication, passwords)
    expect(plan.steps.filter(({ done }) => !done).map(({ name }) => name)).toEqual(['reader-reads'])
    await applyProvision(writer, plan)
    const reader = await session(readerRole())
    await reader.execute('select from shop.old')
    await expect(reader.execute('select from shop.foreign_one')).rejects.toMatchObject({ sqlState: '42501' })
  })

  test('since PostgreSQL 16, a role that may make roles needs the ADMIN option on those that exist', async () => {
    const creator: TestRole = { user: `outsider_${database.name.slice(-10)}`, password: 'creator' }
    made.push(creator)
    await asSuperuser(`create role ${creator.user} login createrole password 'creator';
      alter role ${readerRole().user} in database ${database.name} reset all; revoke usage on schema shop from ${readerRole().user}`)
    const admin = await session(creator)
    const left = async () =>
      (await planProvision(admin, publication, passwords)).steps
        .filter(({ done }) => !done)
        .map(({ part, possible, why }) => ({ part, possible, why }))
    const refused = version === 15 ? { possible: true } : { possible: false, why: `${creator.user} may not` }
    expect(await left()).toEqual([
      { part: 'schema', ...refused },
      { part: 'settings', ...refused },
    ])
    await asSuperuser(`grant "${writerRole().user}", ${readerRole().user} to ${creator.user} with admin option`)
    expect(await left()).toEqual([
      { part: 'schema', possible: true },
      { part: 'settings', possible: true },
    ])
    await applyProvision(admin, await planProvision(admin, publication, passwords))
    await proveRights()
  })

  test('a role that may only make roles makes everything in its own database, and keeps no membership that it borrowed', async () => {
    await begin()
    const creator: TestRole = { user: `creator_${database.name.slice(-10)}`, password: 'creator' }
    made.push(creator)
    await asSuperuser(
      `create role ${creator.user} login createrole password 'creator'; alter database ${database.name} owner to ${creator.user}`,
    )
    const admin = await session(creator)
    await applyProvision(admin, await planProvision(admin, publication, passwords))
    expect(await applyProvision(admin, await planProvision(admin, publication, passwords))).toEqual([])
    await proveRights()
    const kept = await admin.query(
      version === 15
        ? 'select from pg_auth_members m where m.member = current_user::regrole'
        : 'select from pg_auth_members m where m.member = current_user::regrole and (m.set_option or m.inherit_option)',
    )
    expect(kept).toEqual([])
  })

  test('a schema of another role is given to the writer', async () => {
    const creator: TestRole = { user: `creator_${database.name.slice(-10)}`, password: 'creator' }
    const admin = await session(creator)
    await (await session()).execute(`alter schema shop owner to ${creator.user}`)
    const executed = await applyProvision(admin, await planProvision(admin, publication, passwords))
    expect(executed.map(({ sql }) => sql)).toContain(`alter schema shop owner to "${writerRole().user}"`)
    await proveRights()
  })

  test('the writer alone does what it may, and hands over exactly the rest', async () => {
    await begin()
    await asSuperuser(`create role "${writerRole().user}" login password '${writerRole().password.replaceAll("'", "''")}';
      grant create on database ${database.name} to "${writerRole().user}"; grant create on schema public to public`)
    const writer = await session(writerRole())
    const error = await refusalOf(applyProvision(writer, await planProvision(writer, publication, passwords)))
    const [w, r, d] = [`"${writerRole().user}"`, readerRole().user, database.name]
    expect(error.code).toBe('PRIVILEGE_MISSING')
    expect(error.remedy).toBe(
      `-- by a superuser, or a role that may make roles (CREATEROLE):
create role ${r} login password '<password>';
-- by the owner of the database (postgres), or a superuser:
revoke temporary, create on database ${d} from public, ${r};
revoke create on schema public from public, ${r};
grant connect on database ${d} to ${r};
-- by ${writerRole().user}, or a superuser:
grant usage on schema shop to ${r};
alter default privileges for role ${w} in schema shop grant select on tables to ${r};
-- by a superuser, a role with CREATEROLE, or ${r} itself:
alter role ${r} in database ${d} set default_transaction_read_only = on;
alter role ${r} in database ${d} set statement_timeout = 300000;
alter role ${r} in database ${d} set idle_in_transaction_session_timeout = 600000;
alter role ${r} in database ${d} set search_path = shop;`,
    )
    expect(error.problems).toHaveLength(7)
    expect(JSON.stringify(error) + error.message).not.toContain('clear-')
    const [schema] = await writer.query(
      'select from pg_namespace where nspname = $1 and pg_get_userbyid(nspowner) = current_user',
      ['shop'],
    )
    expect(schema, 'what was possible is done').toBeDefined()

    await asSuperuser(remedyText(error.remedy).replace('<password>', readerRole().password))
    expect(await applyProvision(writer, await planProvision(writer, publication, passwords))).toEqual([])
    await proveRights()
  })

  test('the reader itself can put its settings, where nobody may alter it', async () => {
    await asSuperuser(`alter role ${readerRole().user} in database ${database.name} reset all`)
    const reader = await session(readerRole())
    await reader.execute('set default_transaction_read_only = off')
    const plan = await planProvision(reader, publication, passwords)
    expect(plan.steps.filter(({ done }) => !done).map(({ part, possible }) => ({ part, possible }))).toEqual([
      { part: 'settings', possible: true },
    ])
    await applyProvision(reader, plan)
    await proveRights()
  })

  test('what the owner of the database alone can refuse is a warning', async () => {
    await begin()
    const [w, r, d] = [`"${writerRole().user}"`, readerRole().user, database.name]
    const landlord: TestRole = { user: `landlord_${d.slice(-10)}`, password: 'landlord' }
    made.push(landlord)
    await asSuperuser(`create role ${landlord.user}; alter database ${d} owner to ${landlord.user};
      create role ${w} login password '${writerRole().password.replaceAll("'", "''")}'; create role ${r} login password '${readerRole().password}';
      grant create on database ${d} to ${w}`)
    const [writer, reader] = [await session(writerRole()), await session(readerRole())]
    await refusalOf(applyProvision(writer, await planProvision(writer, publication, passwords)))
    await reader.execute('set default_transaction_read_only = off')
    await applyProvision(reader, await planProvision(reader, publication, passwords))

    const plan = await planProvision(writer, publication, passwords)
    expect(plan.steps.filter(({ done }) => !done)).toMatchObject([
      {
        sql: `revoke temporary, create on database ${d} from public, ${r}`,
        possible: false,
        optional: true,
        by: `the owner of the database (${landlord.user}), or a superuser`,
        why: `${writerRole().user} may not`,
      },
    ])
    expect(await applyProvision(writer, plan)).toEqual([])

    await asSuperuser(`grant create on database ${d} to public; grant create on schema public to public`)
    expect(await applyProvision(writer, plan)).toEqual([])
    const { steps } = await planProvision(await session(), publication, passwords)
    expect(steps.filter(({ done }) => !done).map(({ name }) => name)).toEqual(['database-closed', 'public-closed'])
    await asSuperuser(
      `${steps
        .filter(({ done }) => !done)
        .map(({ sql }) => sql)
        .join(';')}`,
    )
    await proveRights()
  })

  test('a step that the server refuses is named, and the others are done', async () => {
    await begin()
    await asSuperuser(`create function public.refuse() returns event_trigger language plpgsql as
      $$ begin raise exception 'no' using errcode = 'insufficient_privilege'; end $$;
      create event trigger refuse on ddl_command_start when tag in ('ALTER DEFAULT PRIVILEGES') execute function public.refuse()`)
    const admin = await session()
    const error = await refusalOf(applyProvision(admin, await planProvision(admin, publication, passwords)))
    const sql = `alter default privileges for role "${writerRole().user}" in schema shop grant select on tables to ${readerRole().user}`
    expect(error.code).toBe('PRIVILEGE_MISSING')
    expect(error.problems).toEqual([
      expect.objectContaining({ detail: expect.stringMatching(/^not yet: .* may not$/), remedy: `${sql};` }),
    ])
    expect(JSON.stringify(error) + error.message).not.toContain('clear-')
    await asSuperuser('drop event trigger refuse')
    const executed = await applyProvision(admin, await planProvision(admin, publication, passwords))
    expect(executed.map((step) => step.sql)).toEqual([sql])
  })

  test('the script asks for passwords, then does the same as a superuser, and may be pasted again', async () => {
    await begin()
    const admin = await session()
    await admin.execute('grant create on schema public to public')
    const script = provisionSql(publication, database.name)
    await expect(admin.execute(script)).rejects.toMatchObject({ sqlState: 'P0001' })
    await admin.execute('rollback')
    const filled = roles.reduce(
      (text, { user, password }) => text.replace(`<password of ${user}>`, () => password.replaceAll("'", "''")),
      script,
    )
    await admin.execute(filled)
    await admin.execute(script)
    expect((await planProvision(admin, publication, passwords)).steps.filter(({ done }) => !done)).toEqual([])
    await proveRights()
  })

  test('the script refuses another database than its own', async () => {
    const admin = await session()
    await expect(admin.execute(provisionSql(publication, 'another'))).rejects.toMatchObject({ sqlState: 'P0001' })
    await admin.execute('rollback')
  })

  test('the script works for a role that may only make roles, and part by part for the writer', async () => {
    await begin()
    const creator: TestRole = { user: `creator_${database.name.slice(-10)}`, password: 'creator' }
    made.push(creator)
    await asSuperuser(
      `create role ${creator.user} login createrole password 'creator'; alter database ${database.name} owner to ${creator.user}`,
    )
    const filled = roles.reduce(
      (text, { user, password }) => text.replace(`<password of ${user}>`, () => password.replaceAll("'", "''")),
      provisionSql(publication, database.name),
    )
    await (await session(creator)).execute(filled)
    await proveRights()
    const parts = provisionSql(publication, database.name).split(/^(?=-- \d\. )/m)
    expect(parts).toHaveLength(5)
    const writer = await session(writerRole())
    for (const part of [parts[1], parts[3]]) await writer.execute(part ?? '')
    await proveRights()
  })

  test('a role to be made without a password is left to somebody else', async () => {
    await begin()
    const admin = await session()
    const plan = await planProvision(admin, publication, { writerPassword: null, readerPassword: null })
    const error = await refusalOf(applyProvision(admin, plan))
    expect(error.problems[0]).toMatchObject({
      detail: `not yet: no password was given for it`,
      remedy: `create role "${writerRole().user}" login password '<password>';`,
    })
  })

  test('a password outside printable ASCII is refused for a role to be made, and is nobody’s business for one that exists', async () => {
    const admin = await session()
    const options = { writerPassword: null, readerPassword: new Secret('pâté') }
    const error = await refusalOf(planProvision(admin, publication, options))
    expect(error.code).toBe('SETTINGS_INVALID')
    expect(JSON.stringify(error) + error.message).not.toContain('pâté')
    await admin.execute(`create role ${readerRole().user} login`)
    expect(
      (await planProvision(admin, publication, options)).steps.find(({ name }) => name === 'reader-exists')?.done,
    ).toBe(true)
  })
})
