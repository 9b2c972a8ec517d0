/** The source is spared: its snapshot is held for a bounded time that is told, and sessions are few, named and bounded. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../../test/database.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { definePublication, type Publication } from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { exportSnapshot, importSnapshot } from '../../src/postgres/snapshot.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { shopWithHistory } from '../publication/shop-history.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from './gate.ts'
import { Installation } from './installation.ts'

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.create(version, 40, shopWithHistory)
    const owner = await shop.source.connect({ role: shop.app })
    await buildGate(owner)
    await shop.source.close(owner)
    await shop.provisionSource()
  })
  afterAll(() => shop.drop())

  const limited = (limits: Partial<Publication['limits']>) =>
    definePublication({ ...shop.publication, limits: { ...shop.publication.limits, ...limits } })
  const lastRun = async () => {
    const [row] = await shop.look<{ id: number; state: string; code: string | null; held: number | null }>(
      `select id::integer, state, error_code as code, snapshot_milliseconds as held from vitrine.run order by id desc limit 1`,
    )
    return row
  }

  test('how long the snapshot was held is in the report, in the record and in what the commands print', async () => {
    const report = await shop.run()
    expect(report.snapshotMilliseconds).toBeGreaterThan(0)
    expect(await lastRun()).toEqual({
      id: report.run,
      state: 'succeeded',
      code: null,
      held: report.snapshotMilliseconds,
    })
    const command = (line: string) =>
      run({ ...vitrine, publication: shop.publication }, line, {
        environment: {
          DATABASE_URL: shop.source.url(shop.reading),
          METABASE_DATABASE_URL: shop.target.url(shop.writer),
          VITRINE_PSEUDONYM_KEY: KEY,
        },
      })
    expect((await command('sync')).stdout).toMatch(/ The source’s snapshot was held for \d+ ms\.\n$/)
    expect((await command('sync --dry-run')).stdout).toMatch(/ was held for \d+ ms\. Nothing was published\.\n$/)
    const { run: id, snapshotMilliseconds } = JSON.parse((await command('sync --json')).stdout)
    expect(await lastRun()).toMatchObject({ id, held: snapshotMilliseconds })
    expect((await command(`runs ${id}`)).stdout).toContain(
      `The source’s snapshot was held for ${snapshotMilliseconds} ms.\n`,
    )
    expect(JSON.parse((await command(`runs ${id} --json`)).stdout)).toMatchObject({ runs: [{ snapshotMilliseconds }] })
  })

  test('a snapshot held for too long is let go, nothing goes on behind it, and the run may be tried again', async () => {
    const before = await shop.look('select * from shop.shop_customer order by id')
    const keeper = await shop.source.connect()
    await closeGate(keeper)
    const failed = shop.failure({ publication: limited({ snapshotLimitMs: 400 }) })
    await somebodyWaits(keeper)
    const error = await failed
    expect([error.code, error.kind.retry, error.kind.exit]).toEqual(['SNAPSHOT_TOO_LONG', true, 'busy'])
    const { rows } = await keeper.query(
      `select application_name from pg_stat_activity where datname = current_database() and application_name like 'vitrine %'`,
    )
    expect(rows).toEqual([])
    await openGate(keeper)
    await shop.source.close(keeper)
    const record = await lastRun()
    expect(record).toMatchObject({ state: 'failed', code: 'SNAPSHOT_TOO_LONG' })
    expect(record?.held).toBeGreaterThanOrEqual(400)
    expect(await shop.look('select * from shop.shop_customer order by id')).toEqual(before)
    expect(await shop.leftovers()).toEqual([])
    await shop.run()
  })

  test('once it has been read, the source is rid of us, however long the rest takes', async () => {
    const [keeper, watcher] = [await shop.target.connect(), await shop.source.connect()]
    await keeper.query('begin; lock table vitrine.freshness in access exclusive mode')
    let running = Promise.resolve<SyncReport | null>(null)
    await new Promise<void>((resolve, reject) => {
      running = shop.run({ observer: Installation.onPhase('verify', resolve) })
      running.catch(reject)
    })
    const ours = async () => {
      const { rows } = await watcher.query(
        `select application_name from pg_stat_activity where datname = current_database() and application_name like 'vitrine %'`,
      )
      return rows
    }
    await expect.poll(ours).toEqual([])
    await keeper.query('rollback')
    expect((await running)?.dryRun).toBe(false)
    await Promise.all([shop.target.close(keeper), shop.source.close(watcher)])
  })

  test('the server bounds the snapshot too, should this process stand still', async () => {
    const open = () => connect(shop.source.address(shop.reading), { ...ANY, side: 'source', readOnly: true })
    const [first, second] = [await open(), await open()]
    const bounds = async (session: Session) =>
      (
        await session.query<{ name: string; setting: string }>(
          `select name, setting from pg_settings
           where name in ('transaction_timeout', 'idle_in_transaction_session_timeout') order by 1`,
        )
      ).map(({ name, setting }) => `${name} ${setting}`)
    const idle = 'idle_in_transaction_session_timeout'
    const expected = version === 18 ? [`${idle} 70000`, 'transaction_timeout 70000'] : [`${idle} 70000`]
    await importSnapshot(second, await exportSnapshot(first, 60_000))
    expect([await bounds(first), await bounds(second)]).toEqual([expected, expected])
    await second.execute('commit')
    expect((await bounds(second))[0]).toBe(`${idle} ${DEFAULT_LIMITS.statementTimeoutMs}`)
    if (version === 18) {
      // A timer that runs is not set anew: another transaction.
      await first.execute('rollback; begin; set local transaction_timeout = 30')
      const cut = await first.query('select pg_sleep(10)').catch(asVitrineError)
      expect(cut).toMatchObject({ code: 'SNAPSHOT_TOO_LONG', sqlState: '25P04' })
    }
    await Promise.all([first.end(), second.end()])
  })

  test.each([1, 2, 16])('with %i streams, sessions are as many as documented and no more', async (copyStreams) => {
    const publication = limited({ copyStreams })
    const streams = Math.min(copyStreams, publication.tables.length)
    const admin = await shop.source.connect()
    const allow = (role: string, sessions: number) => admin.query(`alter role "${role}" connection limit ${sessions}`)
    const attempt = async (source: number, target: number, only: readonly string[] | null) => {
      // The sessions of the run before take their server a moment to end.
      await expect.poll(async () => (await admin.query(OPEN, [[shop.reading.user, shop.writer.user]])).rows).toEqual([])
      await allow(shop.reading.user, source)
      await allow(shop.writer.user, target)
      return shop.run({ publication, only }).then(
        () => 'published',
        (error: unknown) => asVitrineError(error).code,
      )
    }
    try {
      const some = ['shop_customer', 'shop_stats']
      const [source, target] = [1 + streams, 1 + streams]
      expect(await attempt(source, target, null)).toBe('published')
      expect(await attempt(source, target + 1, some)).toBe('published')
      // One fewer on either side is not enough: the figures are exact.
      expect(await attempt(source - 1, target, null)).toBe('TOO_MANY_CONNECTIONS')
      expect(await attempt(source, target - 1, null)).toBe('TOO_MANY_CONNECTIONS')
      expect(await attempt(source, target, some)).toBe('TOO_MANY_CONNECTIONS')
    } finally {
      await allow(shop.reading.user, -1)
      await allow(shop.writer.user, -1)
      await shop.source.close(admin)
    }
  })

  test.each(['source', 'target'] as const)(
    'a session on the %s is named, and everything it does is bounded',
    async (side) => {
      const [database, role] = side === 'source' ? [shop.source, shop.reading] : [shop.target, shop.writer]
      const session = await connect(database.address(role), { ...ANY, side, readOnly: side === 'source' })
      const rows = await session.query<{ name: string; setting: string }>(
        `select name, setting from pg_settings where name = any ($1) order by 1`,
        [['application_name', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']],
      )
      const seen = await session.query(
        'select application_name as name from pg_stat_activity where pid = pg_backend_pid()',
      )
      await session.end()
      expect(seen).toEqual([{ name: ANY.name }])
      expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
        application_name: ANY.name,
        idle_in_transaction_session_timeout: String(DEFAULT_LIMITS.statementTimeoutMs),
        lock_timeout: String(DEFAULT_LIMITS.connectTimeoutMs),
        statement_timeout: String(DEFAULT_LIMITS.statementTimeoutMs),
      })
    },
  )
})

const OPEN = 'select application_name from pg_stat_activity where usename = any ($1)'
const ANY = { name: 'vitrine shop test', limits: DEFAULT_LIMITS, searchPath: [] as readonly string[] } as const

test('every session of the tool and of Impact is opened in one place, which sets these bounds', () => {
  const root = join(import.meta.dirname, '../../../..')
  const folders = ['packages/vitrine/src', 'impact/cli', 'impact/database', 'impact/feeds']
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const opens = /new (?:pg\.)?(?:\w*Client|Pool|Connection|native)\b|import\('pg'\)|require\('pg'\)/g
  const sites = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(opens)].map(() => relative(root, file)))
  expect(files.length).toBeGreaterThan(100)
  expect(sites).toEqual(['packages/vitrine/src/postgres/connect.ts'])
})

test.each([0, 17, 1.5, Number.NaN])('limits.copyStreams %f is refused by check', async (copyStreams) => {
  const publication = shopWithHistory({ writer: 'w', reader: 'r' })
  const { problems } = await checkPublication({ ...publication, limits: { ...publication.limits, copyStreams } })
  expect(problems.map(({ place }) => place)).toEqual(['limits.copyStreams'])
})
