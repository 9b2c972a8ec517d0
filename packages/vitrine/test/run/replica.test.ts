/** A physical replica is a source like any other; what its primary takes away from it is read again later. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST, TestDatabase, type TestRole } from '../../../../test/database.ts'
import { serverFolder } from '../../../../test/server-folder.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { definePublication, type Publication } from '../../src/index.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { type Outcome, run, type Setting } from '../cli/captured-io.ts'
import { createShop, KEY, shop, shopRights } from '../publication/shop.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from './gate.ts'
import { Installation } from './installation.ts'
import { clientOf, type Replication, startReplication } from './standby.ts'

describe.sequential.each(NEWEST)('PostgreSQL %i', (version) => {
  let replication: Replication
  let target: TestDatabase
  let roles: readonly [writer: TestRole, reader: TestRole]
  let publication: Publication
  let primary: pg.Client
  let standby: pg.Client

  beforeAll(async () => {
    replication = await startReplication(serverFolder(), version)
    target = await TestDatabase.create(18, 'replica_target')
    roles = [await target.createRole('writer'), await target.createRole('reader')]
    const [{ user: writer }, { user: reader }] = roles
    const limits = { retryFirstMs: 50, retryLongestMs: 50 }
    publication = definePublication({ ...shop({ writer, reader }), limits })
    const admin = await clientOf(replication.primary, 'postgres')
    await admin.query("create role app login password 'canary-app'")
    await admin.query('create database shop_source')
    await admin.end()
    primary = await clientOf(replication.primary, 'shop_source')
    await createShop(primary, 50)
    await buildGate(primary)
    await primary.query(shopRights('app', 'view'))
    await replication.caughtUp()
    standby = await clientOf(replication.standby, 'shop_source')
    for (const line of ['provision', 'migrate']) expect(await command(line)).toMatchObject({ status: 0 })
  })
  afterAll(async () => {
    await Promise.all([primary.end(), standby.end()])
    await target.drop(roles)
    await replication.stop()
  })

  const sourceUrl = (server = replication.standby) => server.url('shop_source', { user: 'app', password: 'canary-app' })
  const command = async (line: string, setting: Setting = {}, source = sourceUrl()): Promise<Outcome> => {
    const outcome = await run({ ...vitrine, publication }, line, {
      environment: {
        DATABASE_URL: source,
        METABASE_DATABASE_URL: target.url(roles[0]),
        METABASE_READER_URL: target.url(roles[1]),
        METABASE_ADMIN_URL: target.url(),
        VITRINE_PSEUDONYM_KEY: KEY,
      },
      ...setting,
    })
    expect(outcome.stdout + outcome.stderr).not.toContain('canary')
    return outcome
  }
  const rows = async (sql: string) => {
    const client = await target.connect()
    const found = (await client.query(sql)).rows
    await target.close(client)
    return found
  }
  /** The primary removes row versions that a snapshot on the standby still sees, and the standby has followed. */
  const conflict = async () => {
    await primary.query('update customer_rows set name = name')
    await primary.query('vacuum customer_rows')
    await replication.caughtUp()
  }

  test('what is published from the standby is what the primary had, and no session is left there', async () => {
    expect((await standby.query('select pg_is_in_recovery() as found')).rows).toEqual([{ found: true }])
    expect(await command('sync')).toMatchObject({ status: 0, stdout: expect.stringContaining('Published 2 tables') })
    await primary.query("insert into customer_rows (email, password, name, created_at) values ('x', 'x', 'New', now())")
    await replication.caughtUp()
    expect((await command('sync')).stdout).toMatch(/^shop_customer +51 +1 +0 +0 /m)
    expect(await rows('select count(*)::integer as n from shop.shop_customer')).toEqual([{ n: 51 }])
    await expect
      .poll(async () => (await standby.query("select from pg_stat_activity where usename = 'app'")).rows)
      .toEqual([])
  })

  test('a conflict with recovery fails the run with a code that says so, and --if-due publishes at its next call', async () => {
    await rows('delete from vitrine.run')
    await closeGate(standby)
    const failed = command('sync --if-due --json')
    await somebodyWaits(standby)
    await conflict()
    const { status, stdout } = await failed
    await openGate(standby)
    expect([status, JSON.parse(stdout).error]).toMatchObject([
      8,
      { code: 'REPLICA_CONFLICT', retry: true, sqlState: '40001' },
    ])
    expect(await rows('select state, error_code, error_place, trigger from vitrine.run')).toEqual([
      { state: 'failed', error_code: 'REPLICA_CONFLICT', error_place: 'shop_customer (source)', trigger: 'schedule' },
    ])
    expect(await rows('select count(*)::integer as n from shop.shop_customer')).toEqual([{ n: 51 }])
    expect((await command('sync --if-due')).stdout).toContain('Published 2 tables')
  })

  test('the schedule tries again by itself', async () => {
    await rows('delete from vitrine.run')
    await closeGate(standby)
    let interrupt = () => undefined as unknown
    const ended = command('schedule', {
      interrupt: (now) => {
        interrupt = now
      },
    })
    await somebodyWaits(standby)
    await conflict()
    await openGate(standby)
    await expect
      .poll(() => rows('select state, error_code as code from vitrine.run order by id'))
      .toEqual([
        { state: 'failed', code: 'REPLICA_CONFLICT' },
        { state: 'succeeded', code: null },
      ])
    interrupt()
    const { status, stdout, stderr } = await ended
    expect([status, stdout]).toEqual([0, expect.stringContaining('Published 2 tables')])
    expect(stderr).toMatch(/ Failed once; trying again in \d+ ms\.$/m)
  })

  test('the primary and its replica are one source: either may go on where the other stopped', async () => {
    expect(await command('sync', {}, sourceUrl(replication.primary))).toMatchObject({ status: 0 })
    expect(await command('sync')).toMatchObject({ status: 0 })
  })

  test('a standby of the target is noticed, and none of its readers is ended by a switch', async () => {
    // As a server has it by default: a lock that is replayed waits for readers, and parts those that wait for each other.
    const standbyAdmin = await clientOf(replication.standby, 'postgres')
    await standbyAdmin.query("alter system set max_standby_streaming_delay = '30s'")
    await standbyAdmin.query('select pg_reload_conf()')
    const installation = await Installation.create(18, 30, shop, replication.primary)
    await installation.run()
    await replication.caughtUp()
    let reading = true
    let looks = 0
    const { user, password } = installation.reader
    const readers = Array.from({ length: 4 }, async (_, index) => {
      const tables =
        index % 2 === 0 ? 'shop.shop_customer c, shop.shop_purchase p' : 'shop.shop_purchase p, shop.shop_customer c'
      const client = new pg.Client({
        connectionString: replication.standby.url(installation.target.name, { user, password }),
      })
      await client.connect()
      while (reading) {
        const { rows } = await client.query(`select count(*)::integer as n from ${tables} where p.customer_id = c.id`)
        expect(rows[0].n).toBe(60)
        looks++
      }
      await client.end()
    })
    const reports: SyncReport[] = []
    for (let turn = 0; turn < 4; turn++) reports.push(await installation.run())
    await replication.caughtUp()
    reading = false
    await Promise.all(readers)
    expect(looks).toBeGreaterThan(100)
    expect(reports.map(({ switchHeld, switchTries }) => [switchHeld, switchTries])).toEqual(
      reports.map(() => [false, 1]),
    )
    // Who knows that nobody reads it says so.
    const limits = { ...installation.publication.limits, holdWithStandby: 1 as const }
    expect((await installation.run({ publication: { ...installation.publication, limits } })).switchHeld).toBe(true)
    await standbyAdmin.end()
    await installation.drop()
  })

  test('a replica of the target is not a source', async () => {
    const { status, stderr } = await run({ ...vitrine, publication }, 'sync', {
      environment: {
        DATABASE_URL: sourceUrl(),
        METABASE_DATABASE_URL: sourceUrl(replication.primary),
        VITRINE_PSEUDONYM_KEY: KEY,
      },
    })
    expect([status, stderr]).toEqual([2, expect.stringContaining('One is a replica of the other.')])
  })
})
