/** Two installations pointed at one target by mistake: the second is refused before anything is touched, and both are named. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST, TestDatabase } from '../../../../test/database.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { definePublication, type Publication } from '../../src/index.ts'
import type { DatabaseIdentity } from '../../src/postgres/identity.ts'
import { isSameSource } from '../../src/record/installation.ts'
import { run } from '../cli/captured-io.ts'
import { createShop, KEY } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { Installation } from './installation.ts'

const A: DatabaseIdentity = { system: '1', oid: '16384', name: 'shop', address: 'db:5432/shop' }

test.each<[string, Partial<DatabaseIdentity>, Partial<DatabaseIdentity>, boolean]>([
  ['itself', {}, {}, true],
  ['a new host name or port', {}, { address: 'other:6432/shop' }, true],
  ['a replica, or a copy of the files', {}, { address: 'replica:5432/shop' }, true],
  ['renamed', {}, { name: 'boutique', address: 'db:5432/boutique' }, true],
  ['dropped and restored under its name', {}, { oid: '20000' }, true],
  ['another database of the same server', {}, { oid: '20000', name: 'staging', address: 'db:5432/staging' }, false],
  ['another server at the same address, as in another network of containers', {}, { system: '2' }, false],
  [
    'another server, where oid and name are the same by chance',
    {},
    { system: '2', address: 'staging:5432/shop' },
    false,
  ],
  ['not to be identified, at the same address', { system: null }, { system: null, oid: '20000' }, true],
  ['not to be identified any more, at the same address', {}, { system: null }, true],
  ['not to be identified, at another address', {}, { system: null, address: 'other:5432/shop' }, false],
])('a source that is %s', (_, recorded, found, same) => {
  expect(isSameSource({ ...A, ...recorded }, { ...A, ...found })).toBe(same)
})

describe.sequential.each(NEWEST)('PostgreSQL %i', (version) => {
  let shop: Installation
  let staging: TestDatabase
  let publication: Publication
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-other-'))

  beforeAll(async () => {
    shop = await Installation.create(version, 40, shopWithHistory)
    publication = shop.publication
    staging = await TestDatabase.create(version === 18 ? 15 : 18, 'staging')
    const client = await staging.connect()
    await createShop(client, 3)
    await staging.close(client)
    await shop.run()
    writeFileSync(join(folder, 'days.csv'), 'day,customers,revenue\n2023-11-28,3,30\n')
  })
  afterAll(async () => {
    await staging.drop([])
    await shop.drop()
    rmSync(folder, { recursive: true })
  })

  const command = (line: string, source: string, about = publication) =>
    run({ ...vitrine, publication: about }, line, {
      folder,
      environment: {
        DATABASE_URL: source,
        METABASE_DATABASE_URL: shop.target.url(shop.writer),
        METABASE_ADMIN_URL: shop.target.url(),
        VITRINE_PSEUDONYM_KEY: KEY,
      },
    })
  /** Everything of ours in the target, down to row versions. */
  const picture = async () => {
    const relations = await shop.look<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where (n.nspname = 'vitrine' or n.nspname like 'shop%') and c.relkind = 'r' order by 1`,
    )
    return Promise.all(
      relations.map(async ({ name }) => [
        name,
        await shop.look(`select tableoid::text, ctid::text, xmin::text from ${name} order by 2`),
      ]),
    )
  }
  const recorded = async () =>
    (await shop.look<{ source: DatabaseIdentity }>('select source from vitrine.installation'))[0]
  const there = (database: TestDatabase) => {
    const { host, port } = database.address()
    return `${host}:${port}/${database.name}`
  }

  test('the first version records which database it is from, without credentials', async () => {
    expect((await recorded())?.source).toEqual({
      system: expect.stringMatching(/^\d+$/),
      oid: expect.stringMatching(/^\d+$/),
      name: shop.source.name,
      address: there(shop.source),
    })
  })

  test.each([
    'sync',
    'sync --allow-shrink --json',
    'sync --dry-run',
    'sync --only shop_customer',
    'migrate',
    'provision',
    'rebuild --allow-shrink',
    'drop --yes',
    'history import shop_stats days.csv',
  ])('%s of an installation with another source is refused, and nothing is touched', async (line) => {
    const before = await picture()
    const { status, stdout, stderr } = await command(line, staging.url())
    const said = line.includes('--json') ? JSON.parse(stdout).error.detail : stderr
    expect([status, stderr]).toEqual([6, expect.stringContaining('TARGET_OTHER_SOURCE')])
    expect(said).toContain(`It is filled from ${there(shop.source)}, and this installation reads ${there(staging)}.`)
    expect(await picture()).toEqual(before)
  })

  test('its schedule is refused too, and leaves nothing in the record of the other', async () => {
    await shop.look("update vitrine.run set started_at = started_at - interval '2 days'")
    const before = await picture()
    const { status, stderr } = await command('sync --if-due', staging.url())
    expect([status, stderr]).toEqual([6, expect.stringContaining('TARGET_OTHER_SOURCE')])
    expect(await picture()).toEqual(before)
  })

  test('another publication is refused as well, before its run is recorded', async () => {
    const before = await picture()
    const other = definePublication({ ...publication, name: 'other' })
    const { status, stderr } = await command('sync', shop.source.url(shop.reading), other)
    expect([status, stderr]).toEqual([6, expect.stringContaining('TARGET_OTHER_INSTALLATION')])
    expect(stderr).toContain('the publication «shop», and this one is «other»')
    expect(await picture()).toEqual(before)
  })

  test('another publication with another writer in the same database is refused, and both are named', async () => {
    const second = await shop.target.createRole('second')
    await shop.look(
      `grant connect, create on database "${shop.target.name}" to "${second.user}"; create schema other authorization "${second.user}"`,
    )
    const before = await picture()
    const other = definePublication({ ...publication, name: 'other', schema: 'other', writer: second.user })
    for (const line of ['migrate --yes', 'sync', 'provision']) {
      const environment = {
        DATABASE_URL: shop.source.url(shop.reading),
        METABASE_DATABASE_URL: shop.target.url(second),
        METABASE_ADMIN_URL: shop.target.url(),
        VITRINE_PSEUDONYM_KEY: KEY,
      }
      const { status, stderr } = await run({ ...vitrine, publication: other }, line, { environment })
      expect([line, status, stderr]).toEqual([line, 6, expect.stringContaining('TARGET_OTHER_INSTALLATION')])
      expect(stderr).toContain(
        `kept by ${shop.writer.user}, the writer of another publication, and the writer of «other» is ${second.user}`,
      )
    }
    expect(await picture()).toEqual(before)
    await shop.look(`drop schema other; drop owned by "${second.user}"; drop role "${second.user}"`)
  })

  test('another name of the same host, and a database that was renamed, are the same source', async () => {
    const renamed = `renamed_${randomBytes(4).toString('hex')}`
    const url = shop.source.url(shop.reading)
    expect(await command('sync', url.replace('127.0.0.1', 'localhost'))).toMatchObject({ status: 0 })
    expect((await recorded())?.source.address).toBe(there(shop.source).replace('127.0.0.1', 'localhost'))
    const admin = await shop.source.connect({ database: 'postgres' })
    await shop.source.rest()
    await admin.query(`alter database "${shop.source.name}" rename to "${renamed}"`)
    try {
      expect(await command('sync', url.replace(shop.source.name, renamed))).toMatchObject({ status: 0 })
      expect((await recorded())?.source.name).toBe(renamed)
    } finally {
      await admin.query(`alter database "${renamed}" rename to "${shop.source.name}"`)
      await shop.source.close(admin)
    }
    expect(await command('sync', url)).toMatchObject({ status: 0 })
  })

  test('a source dropped and restored under its name is the same source', async () => {
    await shop.look("update vitrine.installation set source = jsonb_set(source, '{oid}', '\"1\"')")
    expect(await command('sync', shop.source.url(shop.reading))).toMatchObject({ status: 0 })
    expect((await recorded())?.source.oid).not.toBe('1')
  })

  test('where the identifier of the server cannot be read, the addresses decide, and it is said', async () => {
    const admin = await shop.source.connect()
    await admin.query('revoke execute on function pg_control_system() from public')
    const url = shop.source.url(shop.reading)
    try {
      expect(await command('sync', url)).toMatchObject({ status: 0 })
      expect((await recorded())?.source.system).toMatch(/^\d+$/)
      const { status, stderr } = await command('sync', url.replace('127.0.0.1', 'localhost'))
      expect(status).toBe(6)
      expect(stderr).toContain('Only the addresses could be compared: the role of the source may not call')
    } finally {
      await admin.query('grant execute on function pg_control_system() to public')
      await shop.source.close(admin)
    }
  })

  test('a source that has moved is taken by migrate --new-source, which needs it to answer', async () => {
    const away = staging.url().replace(/:\d+\//, ':1/')
    expect(await command('migrate --new-source', away)).toMatchObject({ status: 4 })
    expect(await command('migrate --new-source', '')).toMatchObject({ status: 2 })
    expect((await recorded())?.source.name).toBe(shop.source.name)
    expect(await command('migrate --new-source', staging.url())).toMatchObject({ status: 0 })
    expect((await recorded())?.source.address).toBe(there(staging))
    expect((await command('sync', shop.source.url(shop.reading))).stderr).toContain('TARGET_OTHER_SOURCE')
    expect((await command('sync --allow-shrink', staging.url())).stdout).toMatch(/^shop_customer +3 /m)
  })

  test('after a drop any source may fill it', async () => {
    expect(await command('drop --yes', staging.url())).toMatchObject({ status: 0 })
    for (const line of ['migrate', 'sync']) {
      expect(await command(line, shop.source.url(shop.reading))).toMatchObject({ status: 0 })
    }
    expect((await recorded())?.source.name).toBe(shop.source.name)
  })
})
