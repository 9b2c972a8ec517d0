/** Before either database stands a pooler: what is not a session is refused, and who shares the pool feels nothing. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pgbouncer, type PoolMode, withoutPgbouncer } from '../../../../test/pgbouncer.ts'
import { Secret } from '../../src/base/secret.ts'
import { parseAddress } from '../../src/postgres/address.ts'
import { connect } from '../../src/postgres/connect.ts'
import { releaseRunLock, takeRunLock } from '../../src/postgres/lock.ts'
import { sync } from '../../src/run/sync.ts'
import { deltaShop } from '../delta/delta-shop.ts'
import { KEY } from '../publication/shop.ts'
import { round } from '../schedule/round.ts'
import { commandedShop } from './commanded-shop.ts'

/** What an application cannot help to notice of somebody else's settings. */
const SETTINGS =
  'default_transaction_read_only search_path statement_timeout lock_timeout row_security datestyle jit application_name'
const FELT = `insert into mine.visit select pg_sleep(0.02) is null returning pg_backend_pid() as pid,
  (select string_agg(name || '=' || current_setting(name), ' ') from unnest(string_to_array('${SETTINGS}', ' ')) name) as settings,
  (select count(*)::integer from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`

describe.skipIf(withoutPgbouncer)(`behind pgbouncer${withoutPgbouncer ? ' (not installed here)' : ''}`, async () => {
  const { source, target, app, writer, reader, program, environment, command, written, drop } = await commandedShop(
    deltaShop({ deltaFloorRows: 0, deltaProofNights: 100 }),
  )
  const direct = environment()
  const administrator = new URL(direct.METABASE_ADMIN_URL)
  const roles = [app, writer, reader, { user: administrator.username, password: administrator.password }]
  const pools: Pgbouncer[] = []
  const pool = async (mode: PoolMode, extra?: string) => {
    const started = await Pgbouncer.start(administrator, roles, mode, extra)
    pools.push(started)
    return started
  }
  beforeAll(async () => {
    for (const line of ['provision', 'migrate --yes', 'sync', 'sync']) await written(line)
    for (const database of [source, target]) {
      const client = await database.connect()
      await client.query('create schema mine; grant usage on schema mine to public')
      await client.query('create table mine.visit (late boolean); grant insert, select on mine.visit to public')
      await database.close(client)
    }
  })
  afterAll(async () => {
    await Promise.all(pools.map((one) => one.stop()))
    await drop()
  })

  /** What other clients of the pool find on its connections, several at once. */
  async function felt(url: string, times = 6) {
    const find = async () => {
      const client = new pg.Client({ connectionString: url.replace(/\?.*/, '') })
      await client.connect()
      const { rows } = await client.query<{ pid: number; settings: string; locks: number }>(FELT)
      await client.end()
      return rows[0]
    }
    const found = await Promise.all(Array.from({ length: times }, find))
    return [...new Set(found.map((row) => `${row?.settings}, ${row?.locks} locks`))]
  }

  const LOOKS_AT = {
    source: ['check', 'register customer', 'migrate --yes', 'sync', 'doctor'],
    target: [
      ...['plan', 'migrate --yes', 'sync', 'sync --if-due', 'status', 'runs', 'doctor', 'provision', 'rollback'],
      ...['trace shop_customer', 'erase shop_customer', 'drop --yes', 'rebuild --yes'],
    ],
  }
  const EACH = [
    ['source', 'DATABASE_URL', 'transaction', [...LOOKS_AT.source, 'sync --if-due', 'status', 'provision', 'rollback']],
    ['target', 'METABASE_DATABASE_URL', 'transaction', LOOKS_AT.target],
    ['source', 'DATABASE_URL', 'statement', ['check']],
    ['target', 'METABASE_DATABASE_URL', 'statement', ['status']],
  ] as const

  test.each(EACH)('before the %s (%s) in %s mode: refused, and nothing stays', async (side, name, mode, lines) => {
    const through = await pool(mode)
    const url = through.through(direct[name])
    const before = await felt(url)
    expect(before).toHaveLength(1)
    let works = true
    const application = (async () => {
      while (works) expect(await felt(url, 3)).toEqual(before)
    })()
    const admin = side === 'target' ? { METABASE_ADMIN_URL: through.through(direct.METABASE_ADMIN_URL) } : {}
    for (const line of lines) {
      const { stdout, stderr } = await command(line, { environment: { ...direct, [name]: url, ...admin }, input: 'x' })
      expect([line, (stdout + stderr).includes('POOLER')]).toEqual([line, LOOKS_AT[side].includes(line)])
    }
    expect((await round(program.publication, { ...direct, [name]: url })).outcome).toBe('POOLER')
    works = false
    await application
    expect(await felt(url, 12)).toEqual(before)
  })

  test('in session mode every command works, before both; a run that is lost leaves neither lock nor settings', async () => {
    const through = await pool('session')
    const urls = { ...direct }
    for (const name of ['DATABASE_URL', 'METABASE_DATABASE_URL', 'METABASE_READER_URL', 'METABASE_ADMIN_URL'] as const)
      urls[name] = through.through(direct[name])
    const before = await felt(urls.METABASE_DATABASE_URL)
    const lines = ['check', 'provision', 'plan', 'migrate --yes', 'sync', 'sync --if-due', 'status', 'rollback']
    for (const line of lines) await written(line, { environment: urls })
    // A rollback leaves no version that changes could be applied to; the second night after it has one.
    for (let night = 0; night < 2; night++) await written('sync', { environment: urls })
    expect((await round(program.publication, urls)).outcome).toMatchObject({ shop_purchase: 'delta' })
    expect((await command('doctor', { environment: urls })).stdout).not.toContain('POOLER')
    // Outside a transaction it once began another one to commit, and another, for ever.
    const { limits } = program.publication
    const reading = { side: 'source', name: 'reading', limits } as const
    const lent = await connect(parseAddress(urls.DATABASE_URL, 'x'), reading)
    await lent.execute('commit')
    await lent.end()
    const options = { side: 'target', name: 'lost', limits: program.publication.limits, readOnly: false } as const
    const open = () => connect(parseAddress(urls.METABASE_DATABASE_URL, 'x'), options)
    const lost = await open()
    await takeRunLock(lost, 'shop')
    lost.destroy()
    const next = await open()
    await expect
      .poll(() =>
        takeRunLock(next, 'shop').then(
          () => 'taken',
          () => 'held',
        ),
      )
      .toBe('taken')
    await releaseRunLock(next, 'shop')
    await next.end()
    for (const name of ['DATABASE_URL', 'METABASE_DATABASE_URL'] as const)
      expect(await felt(urls[name], 8)).toEqual(before)
  })

  test('in session mode without a reset of sessions, refused', async () => {
    const through = await pool('session', 'server_reset_query =')
    const url = through.through(direct.METABASE_DATABASE_URL)
    const before = await felt(url)
    expect((await command('sync', { environment: { ...direct, METABASE_DATABASE_URL: url } })).stderr).toContain(
      'POOLER',
    )
    expect(await felt(url)).toEqual(before)
  })

  test('a source whose pooler changes its mode after it was recognised still feels nothing', async () => {
    const through = await pool('session')
    const url = through.through(direct.DATABASE_URL)
    const before = await felt(url)
    const request = {
      publication: program.publication,
      source: parseAddress(url, 'x'),
      target: target.address(writer),
      pseudonymKey: new Secret(KEY),
    } as const
    await sync(request)
    await through.become('transaction')
    await sync(request)
    expect((await command('check', { environment: { ...direct, DATABASE_URL: url } })).stderr).toContain('POOLER')
    expect(await felt(url, 12)).toEqual(before)
  })
})
