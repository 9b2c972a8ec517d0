// The doctor against real servers: content after provision and migrate, and it finds each defect that is planted. The repair
// that it prints is then run as it stands, and the doctor is content again.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { diagnose, type Finding, requireHealthy } from '../../src/access/doctor.ts'
import { applyProvision, planProvision } from '../../src/access/provision.ts'
import { VitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { command, remedyText } from '../../src/base/remedy.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Address } from '../../src/postgres/address.ts'
import { connect, type Session, type Side } from '../../src/postgres/connect.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import type { Publication } from '../../src/publication/publication.ts'
import { migrate } from '../../src/run/migrate.ts'
import { sync } from '../../src/run/sync.ts'
import { createShop, KEY, RETIRED, STAGING, shop, shopRights } from '../publication/shop.ts'

const names = (findings: readonly Finding[]): readonly string[] => findings.map(({ name }) => name)
const brokenOnes = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ ok }) => !ok)

const EVERY_GUARANTEE = [
  'versions',
  'writer-attributes',
  'reader-attributes',
  'reader-memberships',
  'writer-session',
  'schema-owner',
  'writer-renames-schemas',
  'writer-names-blockers',
  'target-encoding',
  'default-privileges',
  'no-leftovers',
  'reader-login',
  'reader-reads',
  'reader-sees-keys',
  'reader-writes-nothing',
  'reader-creates-nothing',
  'reader-no-temporary-tables',
  'reader-sees-no-staging',
  'reader-sees-no-bookkeeping',
  'reader-reads-nothing-else',
  'reader-read-only',
  'reader-time-limits',
  'target-is-not-source',
  'source-reads',
  'source-sees-rows',
  'source-encoding',
  'source-role',
  'source-reads-nothing-else',
  'source-writes-nothing',
]

interface Defect {
  readonly what: string
  /** `$w`, `$r`, `$d`: writer, reader, database. */
  readonly plant: string
  readonly found: readonly string[]
  /** Other guarantees fall with it. */
  readonly andMore?: boolean
  readonly warning?: boolean
  /** After the repair, what the repair leaves to be undone by hand. */
  readonly undo?: string
}

const DEFECTS: readonly Defect[] = [
  { what: 'insert granted', plant: 'grant insert on shop.shop_customer to $r', found: ['reader-writes-nothing'] },
  {
    what: 'update of one column granted to everybody',
    plant: 'grant update (name) on shop.shop_customer to public',
    found: ['reader-writes-nothing'],
  },
  {
    what: 'delete and truncate granted',
    plant: 'grant delete, truncate on shop.shop_purchase to $r',
    found: ['reader-writes-nothing'],
  },
  {
    what: 'writing the freshness view granted',
    plant: 'grant update on shop.vitrine_freshness to $r',
    found: ['reader-writes-nothing'],
  },
  { what: 'a table not readable', plant: 'revoke select on shop.shop_purchase from $r', found: ['reader-reads'] },
  { what: 'the schema not usable', plant: 'revoke usage on schema shop from $r', found: ['reader-reads'] },
  {
    what: 'tables in the published schema',
    plant: 'grant create on schema shop to $r',
    found: ['reader-creates-nothing'],
  },
  {
    what: 'tables in public, which the owner of the database alone can refuse',
    plant: 'grant create on schema public to public',
    found: ['reader-creates-nothing'],
    warning: true,
  },
  {
    what: 'schemas, which the owner of the database alone can refuse',
    plant: 'grant create on database $d to $r',
    found: ['reader-creates-nothing'],
    warning: true,
  },
  {
    what: 'schemas, where the writer could refuse them',
    plant: 'grant create on database $d to public; alter database $d owner to $w',
    found: ['reader-creates-nothing'],
    undo: 'alter database $d owner to postgres; grant connect, create on database $d to $w',
  },
  {
    what: 'schemas that the owner of the database alone can refuse, and tables that the writer can',
    plant: 'grant create on database $d to $r; grant create on schema shop to $r',
    found: ['reader-creates-nothing'],
  },
  {
    what: 'temporary tables, which the owner of the database alone can refuse',
    plant: 'grant temporary on database $d to public',
    found: ['reader-no-temporary-tables'],
    warning: true,
  },
  {
    what: 'temporary tables, where the writer could refuse them',
    plant: 'grant temporary on database $d to public; alter database $d owner to $w',
    found: ['reader-no-temporary-tables'],
    undo: 'alter database $d owner to postgres; grant connect, create on database $d to $w',
  },
  {
    what: 'usage on the bookkeeping',
    plant: 'grant usage on schema vitrine to $r',
    found: ['reader-sees-no-bookkeeping'],
  },
  {
    what: 'the bookkeeping readable',
    plant: 'grant usage on schema vitrine to public; grant select on vitrine.run to public',
    found: ['reader-sees-no-bookkeeping'],
    undo: 'revoke select on vitrine.run from public',
  },
  {
    what: 'a key that the reader may not refer to',
    plant: 'revoke references (id) on shop.shop_purchase from $r',
    found: ['reader-sees-keys'],
    warning: true,
  },
  {
    what: 'a staging schema that the reader sees',
    plant: `set role $w; create table ${STAGING}.shop_customer (id bigint); grant usage on schema ${STAGING} to $r; grant select on ${STAGING}.shop_customer to $r`,
    found: ['no-leftovers', 'reader-sees-no-staging'],
    undo: `drop table ${STAGING}.shop_customer`,
  },
  {
    what: 'a schema of others under the name of the staging area',
    plant: `drop schema ${STAGING}; create schema ${STAGING}`,
    found: ['no-leftovers'],
    undo: `drop schema ${STAGING}; set role $w; create schema ${STAGING}; comment on schema ${STAGING} is 'vitrine: staging area of shop'`,
  },
  {
    what: 'a superuser reader',
    plant: 'alter role $r superuser',
    found: ['reader-attributes', 'reader-writes-nothing'],
    andMore: true,
  },
  {
    what: 'a reader that makes roles and databases',
    plant: 'alter role $r createrole createdb',
    found: ['reader-attributes'],
  },
  { what: 'a writer that passes row security by', plant: 'alter role $w bypassrls', found: ['writer-attributes'] },
  {
    what: 'the reader is a member of the writer',
    plant: 'grant $w to $r',
    found: ['reader-memberships', 'reader-writes-nothing'],
    andMore: true,
  },
  {
    what: 'the reader is a member of pg_write_all_data',
    plant: 'grant pg_write_all_data to $r',
    found: ['reader-memberships', 'reader-writes-nothing'],
    andMore: true,
  },
  {
    what: 'a membership through a group',
    plant: 'create role group_$d; grant pg_read_all_data to group_$d; grant group_$d to $r',
    found: ['reader-memberships'],
    andMore: true,
    undo: 'drop role group_$d',
  },
  {
    what: 'no default privileges',
    plant: 'alter default privileges for role $w in schema shop revoke select on tables from $r',
    found: ['default-privileges'],
  },
  {
    what: 'a writer that may not create schemas',
    plant: 'revoke create on database $d from $w',
    found: ['writer-renames-schemas'],
    warning: true,
  },
  { what: 'a schema of another owner', plant: 'alter schema shop owner to postgres', found: ['schema-owner'] },
  {
    what: 'no settings for the reader',
    plant: 'alter role $r in database $d reset all',
    found: ['reader-read-only', 'reader-time-limits'],
  },
  {
    what: 'no statement timeout',
    plant: 'alter role $r in database $d set statement_timeout = 0',
    found: ['reader-time-limits'],
  },
  {
    what: 'another table readable',
    plant: 'create table public.elsewhere (id bigint); grant select on public.elsewhere to public',
    found: ['reader-reads-nothing-else'],
    warning: true,
    undo: 'drop table public.elsewhere',
  },
]

describe.each(VERSIONS)('on PostgreSQL %i', (version) => {
  let target: TestDatabase
  let source: TestDatabase
  let publication: Publication
  let writerRole: TestRole
  let readerRole: TestRole
  let sourceRole: TestRole
  let writer: Session
  let operational: Session
  let admin: Client
  let sourceAdmin: Client
  const open: Session[] = []

  const session = async (address: Address, side: Side, readOnly = false): Promise<Session> => {
    const searchPath = side === 'source' ? ['public'] : []
    const opened = await connect(address, { side, name: 'test', limits: DEFAULT_LIMITS, readOnly, searchPath })
    open.push(opened)
    return opened
  }
  const sql = (text: string): string =>
    text.replaceAll('$w', writerRole.user).replaceAll('$r', readerRole.user).replaceAll('$d', target.name)
  const asSuperuser = async (text: string): Promise<void> => {
    await admin.query(sql(text))
    await admin.query('reset role')
  }
  /** The reader logs in anew each time: its settings are those of the moment. */
  const examine = async (): Promise<readonly Finding[]> => {
    const reader = await session(target.address(readerRole), 'target')
    const findings = await diagnose({ target: writer, reader, source: operational }, publication)
    await reader.end()
    return findings
  }

  beforeAll(async () => {
    ;[target, source] = await Promise.all([
      TestDatabase.create(version, 'doctor'),
      TestDatabase.create(version, 'shop'),
    ])
    writerRole = await target.createRole('writer')
    readerRole = await target.createRole('reader')
    sourceRole = await source.createRole('shop')
    publication = shop({ writer: writerRole.user, reader: readerRole.user })
    ;[admin, sourceAdmin] = [await target.connect(), await source.connect()]
    await createShop(sourceAdmin, 3)
    // Only the columns that the publication reads: the password is not among them.
    await sourceAdmin.query(shopRights(sourceRole.user))
    const owner = await session(target.address(), 'target')
    await applyProvision(owner, await planProvision(owner, publication, { readerPassword: null, writerPassword: null }))
    writer = await session(target.address(writerRole), 'target')
    operational = await session(source.address(sourceRole), 'source', true)
  })
  afterAll(async () => {
    for (const opened of open) await opened.end()
    await target.drop([readerRole, writerRole])
    await source.drop([sourceRole])
  })

  test('before the first migration, only the tables are missing, and that is no failure', async () => {
    const findings = await examine()
    expect(brokenOnes(findings)).toEqual([
      expect.objectContaining({ name: 'reader-reads', severity: 'warning', repair: { parts: [command('migrate')] } }),
    ])
    requireHealthy(findings)
    await migrate({ session: writer, publication })
  })

  test('after provision and migrate every guarantee holds, and the examination leaves nothing behind', async () => {
    const objects = `select 'class ' || relnamespace::regnamespace || '.' || relname || coalesce(relacl::text, '') as object from pg_class where relnamespace <> 'pg_toast'::regnamespace
      union all select 'schema ' || nspname || coalesce(nspacl::text, '') from pg_namespace order by 1`
    const before = await writer.query(objects)
    const reader = await session(target.address(readerRole), 'target')
    const findings = await diagnose({ target: writer, reader, source: operational }, publication)
    expect(names(findings)).toEqual(EVERY_GUARANTEE)
    expect(brokenOnes(findings)).toEqual([])
    requireHealthy(findings)
    expect(await writer.query(objects)).toEqual(before)
    for (const each of [writer, reader, operational]) {
      const held = await each.query(
        "select locktype from pg_locks where pid = pg_backend_pid() and locktype not in ('virtualxid', 'relation')",
      )
      expect(held).toEqual([])
      await expect(each.execute('savepoint outside')).rejects.toMatchObject({ sqlState: '25P01' })
    }
    await reader.end()
  })

  // Each begins on a healthy target, so that a repair that does not repair fails the next one.
  test.each(DEFECTS)('it finds: $what; and its repair repairs', async ({ plant, found, andMore, warning, undo }) => {
    await asSuperuser(plant)
    const findings = brokenOnes(await examine())
    if (andMore === true) expect(names(findings)).toEqual(expect.arrayContaining([...found]))
    else expect(names(findings)).toEqual(found)
    const failures = findings.filter(({ severity }) => severity === 'failure')
    if (warning === true) expect(failures).toEqual([])
    else expect(() => requireHealthy(findings)).toThrowError(VitrineError)
    const repairs = findings
      .flatMap(({ repair }) => remedyText(repair).split('\n'))
      .filter((line) => /^(grant|revoke|alter|create) [^…]*;$/.test(line))
    await asSuperuser(repairs.join('\n'))
    if (undo !== undefined) await asSuperuser(undo)
  })

  test('after the last repair every guarantee holds again', async () => {
    expect(brokenOnes(await examine())).toEqual([])
  })

  test('a failure is told with what was expected, what was found and the repair', async () => {
    await asSuperuser(
      'grant insert on shop.shop_customer to $r; alter role $r in database $d set statement_timeout = 0',
    )
    const findings = await examine()
    let thrown: unknown
    try {
      requireHealthy(findings)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code: 'DOCTOR_FAILED',
      detail: '2 of them.',
      problems: [
        {
          place: 'reader-writes-nothing',
          detail: `${readerRole.user} changes no published table, even in a read-write transaction. Expected: insert, update, delete, truncate refused on every table; found: possible: insert on shop_customer.`,
          remedy: `revoke insert on shop.shop_customer from public, ${readerRole.user};`,
        },
        {
          place: 'reader-time-limits',
          remedy: `alter role ${readerRole.user} in database ${target.name} set statement_timeout = 300000;`,
        },
      ],
    })
    await asSuperuser(
      'revoke insert on shop.shop_customer from $r; alter role $r in database $d set statement_timeout = 300000',
    )
  })

  test('schemas made for a writer that may not create them: a warning that says what follows', async () => {
    const one = async () => brokenOnes(await examine()).filter(({ name }) => name === 'writer-renames-schemas')[0]
    await asSuperuser(`revoke create on database $d from $w; drop schema ${STAGING}, ${RETIRED}`)
    expect(await one()).toMatchObject({ severity: 'failure' })
    expect((await one())?.actual).toContain('provision --without-create')
    const owner = await session(target.address(), 'target')
    const options = { readerPassword: null, writerPassword: null, withoutCreate: true }
    await applyProvision(owner, await planProvision(owner, publication, options))
    const findings = await examine()
    expect(names(brokenOnes(findings))).toEqual(['writer-renames-schemas'])
    expect(await one()).toMatchObject({
      severity: 'warning',
      repair: sql('grant connect, create on database $d to $w;'),
    })
    expect((await one())?.actual).toMatch(/tables are moved .* new readers wait up to 50 ms at a time/)
    requireHealthy(findings)
    // The bookkeeping too must be the writer's.
    await asSuperuser('alter schema vitrine owner to postgres')
    expect((await one())?.actual).toContain('and vitrine not made for it either')
    await asSuperuser('alter schema vitrine owner to $w; grant create on database $d to $w')
    expect(brokenOnes(await examine())).toEqual([])
    await owner.end()
  })

  test('a truncate that would succeed is not tried: readers are not stopped by the examination', async () => {
    await asSuperuser('grant truncate on shop.shop_customer to $r')
    const other = await session(target.address(readerRole), 'target')
    await other.execute('begin; select from shop.shop_customer')
    const waits = "select from pg_locks where relation = 'shop.shop_customer'::regclass and not granted"
    let [examining, waited] = [true, 0]
    const watching = (async () => {
      while (examining) waited += (await target.ask(waits)).length
    })()
    expect(names(brokenOnes(await examine()))).toEqual(['reader-writes-nothing'])
    examining = false
    await watching
    expect(waited).toBe(0)
    await other.execute('rollback')
    await asSuperuser('revoke truncate on shop.shop_customer from $r')
  })

  test('a table that is missing, and one that a run in progress stages', async () => {
    await asSuperuser(`drop table shop.shop_purchase; set role $w; create table ${STAGING}.shop_purchase (id bigint)`)
    const running = await session(target.address(writerRole), 'target')
    await takeRunLock(running, publication.schema)
    const findings = await examine()
    expect(brokenOnes(findings)).toEqual([
      expect.objectContaining({
        name: 'reader-reads',
        actual: 'missing: shop_purchase',
        repair: { parts: [command('sync')] },
      }),
    ])
    expect(findings.find(({ name }) => name === 'no-leftovers')?.actual).toBe('a run is in progress')
    await running.end()
    await asSuperuser(`drop table ${STAGING}.shop_purchase`)
    await sync({
      publication,
      source: source.address(sourceRole),
      target: target.address(writerRole),
      pseudonymKey: new Secret(KEY),
    })
    expect(brokenOnes(await examine())).toEqual([])
  })

  test('a reader that cannot log in, a source that does not answer', async () => {
    const wrong = { user: readerRole.user, password: 'canary-password' }
    const reader = await session(target.address(wrong), 'target').catch((error: VitrineError) => error)
    const noSource = new VitrineError('CONNECTION_FAILED', { place: 'source' })
    const findings = brokenOnes(await diagnose({ target: writer, reader, source: noSource }, publication))
    expect(names(findings)).toEqual(['reader-login', 'source-login'])
    expect(findings[0]?.actual).toContain('AUTHENTICATION_FAILED')
    expect(JSON.stringify(findings)).not.toContain('canary')
    expect(() => requireHealthy(findings)).toThrowError(/DOCTOR_FAILED/)
  })

  test('a reader of another database, and a session that is not the writer', async () => {
    const elsewhere = await session(source.address(), 'target')
    const owner = await session(target.address(), 'target')
    const findings = brokenOnes(await diagnose({ target: owner, reader: elsewhere, source: null }, publication))
    expect(names(findings)).toEqual(expect.arrayContaining(['writer-session', 'reader-login']))
    await elsewhere.end()
    await owner.end()
  })

  test('a source that is the target', async () => {
    const same = await session(target.address(), 'source', true)
    const reader = await session(target.address(readerRole), 'target')
    const findings = brokenOnes(await diagnose({ target: writer, reader, source: same }, publication))
    expect(names(findings)).toContain('target-is-not-source')
    await same.end()
    await reader.end()
  })

  test('a source that is not readable, and one that is writable', async () => {
    await sourceAdmin.query(
      `revoke all on purchase from ${sourceRole.user}; grant insert on customer to ${sourceRole.user}`,
    )
    const findings = brokenOnes(await examine())
    expect(findings.map(({ name, severity }) => [name, severity])).toEqual([
      ['source-reads', 'failure'],
      ['source-role', 'failure'],
      ['source-writes-nothing', 'failure'],
    ])
    expect(findings[0]?.actual).toBe('refused: shop_customer, shop_purchase')
    await sourceAdmin.query(remedyText(findings[0]?.repair ?? ''))
    expect(names(brokenOnes(await examine()))).toEqual(['source-role', 'source-writes-nothing'])
    await sourceAdmin.query(`revoke select (email) on customer from ${sourceRole.user}`)
    const [column] = brokenOnes(await examine())
    expect(column?.repair).toBe(
      `grant select (country, created_at, email, id, job, name) on table public.customer to ${sourceRole.user};`,
    )
  })
})
