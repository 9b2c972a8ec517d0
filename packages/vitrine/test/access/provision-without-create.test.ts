// Provision for a writer that may not create schemas, against real servers: by a database owner that is no superuser, by its script, by the writer alone.

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { applyProvision, type ProvisionOptions, planProvision } from '../../src/access/provision.ts'
import { provisionSql } from '../../src/access/provision-script.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { remedyText } from '../../src/base/remedy.ts'
import { Secret } from '../../src/base/secret.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import type { Publication } from '../../src/publication/publication.ts'
import { migrate } from '../../src/run/migrate.ts'
import { requireWorkSchemas, switchWayOf } from '../../src/version/staging.ts'
import { RETIRED, STAGING, shop } from '../publication/shop.ts'

describe.each(VERSIONS)('on PostgreSQL %i', (version) => {
  let database: TestDatabase
  let publication: Publication
  let writer: TestRole
  let reader: TestRole
  let owner: TestRole
  let options: ProvisionOptions
  const open: Session[] = []
  const roles: TestRole[] = []
  const databases: TestDatabase[] = []

  const session = async (role?: TestRole): Promise<Session> => {
    const settings = { side: 'target', name: 'test', readOnly: false } as const
    const opened = await connect(database.address(role), settings)
    open.push(opened)
    return opened
  }
  const asSuperuser = async (sql: string): Promise<void> => (await session()).execute(sql)

  /** A database whose owner may make roles and schemas, and neither writer nor reader. */
  beforeEach(async () => {
    database = await TestDatabase.create(version, 'provision')
    databases.push(database)
    const named = (label: string): TestRole => ({
      user: `${label}_${database.name.slice(-10)}`,
      password: `secret-${label}`,
    })
    ;[writer, reader, owner] = [named('Writer'), named('reader'), named('owner')]
    roles.push(writer, reader, owner)
    publication = shop({ writer: writer.user, reader: reader.user })
    options = {
      writerPassword: new Secret(writer.password),
      readerPassword: new Secret(reader.password),
      withoutCreate: true,
    }
    await asSuperuser(
      `create role "${owner.user}" login createrole password '${owner.password}'; alter database "${database.name}" owner to "${owner.user}"`,
    )
  })
  afterEach(async () => {
    for (const opened of open.splice(0)) await opened.end()
  })
  afterAll(async () => {
    const [last, ...others] = databases.reverse()
    for (const each of others) await each.drop()
    await last?.drop(roles)
  })

  /** The writer creates no schema, and finds all that it needs; what it migrates is readable. */
  async function proveSetUp(): Promise<void> {
    const asWriter = await session(writer)
    expect(await switchWayOf(asWriter)).toBe('move')
    await expect(asWriter.execute('create schema other')).rejects.toMatchObject({ sqlState: '42501' })
    await requireWorkSchemas({ session: asWriter, publication })
    await migrate({ session: asWriter, publication })
    await (await session(reader)).execute('select from shop.shop_customer')
  }

  test('the owner of the database makes everything, and the second time there is nothing to do', async () => {
    const admin = await session(owner)
    const plan = await planProvision(admin, publication, options)
    const executed = await applyProvision(admin, plan)
    expect(executed.map(({ sql }) => sql).filter((sql) => /create on database|create schema/.test(sql))).toEqual([
      `revoke temporary, create on database ${database.name} from public, ${reader.user}`,
      `create schema shop authorization "${writer.user}"`,
      `create schema ${STAGING} authorization "${writer.user}"; comment on schema ${STAGING} is 'vitrine: staging area of shop'`,
      `create schema ${RETIRED} authorization "${writer.user}"; comment on schema ${RETIRED} is 'vitrine: retired area of shop'`,
      `create schema vitrine authorization "${writer.user}"`,
    ])
    await proveSetUp()
    expect(await applyProvision(admin, await planProvision(admin, publication, options))).toEqual([])
    // Nor without the option: the target is set up like that already, and `rebuild` does not ask for the right again.
    const { withoutCreate: _, ...usual } = options
    const asWriter = await session(writer)
    expect((await planProvision(asWriter, publication, usual)).steps.filter(({ done }) => !done)).toEqual([])
    await asSuperuser(`drop schema ${STAGING}`)
    expect(
      (await planProvision(asWriter, publication, usual)).steps.filter(({ done }) => !done).map(({ sql }) => sql),
    ).toEqual([`grant connect, create on database ${database.name} to "${writer.user}"`])
  })

  test('the script does the same, and may be pasted again', async () => {
    const script = provisionSql(publication, database.name, true)
    const filled = [writer, reader].reduce(
      (text, { user, password }) => text.replace(`<password of ${user}>`, password),
      script,
    )
    expect(script).not.toContain('grant connect, create')
    expect(script.match(/^-- \d\./gm)).toEqual(['-- 1.', '-- 2.', '-- 3.', '-- 4.', '-- 5.'])
    const admin = await session(owner)
    await admin.execute(filled)
    await admin.execute(filled)
    await proveSetUp()
    expect((await planProvision(admin, publication, options)).steps.filter(({ done }) => !done)).toEqual([])
    const kept = await admin.query(
      version === 15
        ? 'select from pg_auth_members m where m.member = current_user::regrole'
        : 'select from pg_auth_members m where m.member = current_user::regrole and (m.set_option or m.inherit_option)',
    )
    expect(kept).toEqual([])
  })

  test('the writer alone hands over the schemas, by the owner of the database', async () => {
    await asSuperuser(
      `create role "${writer.user}" login password '${writer.password}'; create role ${reader.user} login`,
    )
    const asWriter = await session(writer)
    const error = asVitrineError(
      await applyProvision(asWriter, await planProvision(asWriter, publication, options)).catch(
        (thrown: unknown) => thrown,
      ),
    )
    const w = `"${writer.user}"`
    expect(error.code).toBe('PRIVILEGE_MISSING')
    expect(error.remedy).toContain(`-- by the owner of the database (${owner.user}), or a superuser:
revoke temporary, create on database ${database.name} from public, ${reader.user};
create schema shop authorization ${w};
create schema ${STAGING} authorization ${w}; comment on schema ${STAGING} is 'vitrine: staging area of shop';
create schema ${RETIRED} authorization ${w}; comment on schema ${RETIRED} is 'vitrine: retired area of shop';
create schema vitrine authorization ${w};
-- by ${writer.user}, or a superuser:`)
    await asSuperuser(remedyText(error.remedy))
    await asSuperuser(`alter role ${reader.user} password '${reader.password}'`)
    expect(await applyProvision(asWriter, await planProvision(asWriter, publication, options))).toEqual([])
    await proveSetUp()
  })

  test('schemas of others under these names are not taken over', async () => {
    await asSuperuser(
      `create role "${writer.user}" login; create role ${reader.user} login; create schema ${STAGING};
       create schema ${RETIRED} authorization "${writer.user}"; create table ${RETIRED}.precious (id integer)`,
    )
    const { steps } = await planProvision(await session(), publication, options)
    const left = steps.filter(({ possible }) => !possible).map(({ text, why }) => `${text} ${why}`)
    expect(left).toEqual([
      `The schema ${STAGING}, which the writer may not create, exists and belongs to it. a schema of that name is there, which is not ours to take over`,
      `The schema ${RETIRED}, which the writer may not create, exists and belongs to it. a schema of that name is there, which is not ours to take over`,
    ])
  })
})
