/** Work is no silence: whoever waits for a busy server waits, however short the patience; how silence ends is in `run/faults`. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { type CopyRequest, copyRows } from '../../src/copy/copy.ts'
import { connect, type Session, type Side } from '../../src/postgres/connect.ts'
import { FaultyNetwork } from '../run/faults/network.ts'

const SILENCE_MS = 100

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await TestDatabase.create(version, 'silence')
    await database.ask('create table into_here (n bigint, t text)')
  })
  afterAll(() => database.drop())

  const open = (side: Side, port: number | undefined = undefined, silenceMs = SILENCE_MS): Promise<Session> =>
    connect(
      { ...database.address(), ...(port === undefined ? {} : { port }) },
      {
        side,
        name: `test ${side}`,
        limits: { ...DEFAULT_LIMITS, silenceMs },
        readOnly: false,
        searchPath: ['public'],
      },
    )

  const copy = (source: Session, target: Session, select: string, more: Partial<CopyRequest> = {}) =>
    copyRows({
      source: source.client,
      target: target.client,
      select,
      into: 'public.into_here (n, t)',
      freeze: false,
      rows: null,
      ...more,
    })

  test('a statement that is long', async () => {
    const session = await open('source')
    expect(await session.query("select pg_sleep(1)::text as slept, 'done' as said")).toEqual([
      { slept: '', said: 'done' },
    ])
    await session.end()
  })

  test('rows that the source computes for long, before the first and between two', async () => {
    const [source, target] = [await open('source'), await open('target')]
    const { written } = await copy(source, target, 'select n::bigint, pg_sleep(0.5)::text from generate_series(1, 2) n')
    expect(written).toBe(2)
    await Promise.all([source.end(), target.end()])
  })

  test('a target that waits for a lock, while the source waits for the target', async () => {
    const [source, target] = [await open('source'), await open('target')]
    const holder = await database.connect()
    await holder.query('begin; lock table into_here')
    const copied = copy(source, target, "select n, repeat('x', 1000) from generate_series(1::bigint, 20000) n")
    await pause(10 * SILENCE_MS)
    await holder.query('rollback')
    expect((await copied).written).toBe(20_000)
    await database.close(holder)
    await Promise.all([source.end(), target.end()])
  })

  test('the end of a session whose server does not answer', async () => {
    const network = await FaultyNetwork.to(database.address())
    // Longer than the test: only the end itself is bounded here.
    const session = await open('target', network.port, 600_000)
    network.silence(true)
    await session.end()
    await network.close()
  })

  test.each(['source', 'target'] as const)('a copy whose %s goes silent among the rows says so', async (side) => {
    const network = await FaultyNetwork.to(database.address())
    const [source, target] = await Promise.all(
      (['source', 'target'] as const).map((end) => open(end, end === side ? network.port : undefined)),
    )
    // sound because both were opened.
    const failed = copy(
      source as Session,
      target as Session,
      "select n, repeat('x', 1000) from generate_series(1::bigint, 40000) n",
      {
        progress: (bytes) => bytes > 1_000_000 && network.silence(false),
      },
    )
    await expect(failed).rejects.toMatchObject({ code: 'CONNECTION_SILENT', place: side })
    await network.close()
  })

  test('both sides are told to look for a host that is gone', async () => {
    for (const side of ['source', 'target'] as const) {
      const session = await open(side, undefined, 60_000)
      expect(
        await session.query(
          `select name, setting from pg_settings where name like 'tcp_%' or name = 'client_connection_check_interval' order by 1`,
        ),
      ).toEqual([
        { name: 'client_connection_check_interval', setting: '2000' },
        { name: 'tcp_keepalives_count', setting: '3' },
        { name: 'tcp_keepalives_idle', setting: '30' },
        { name: 'tcp_keepalives_interval', setting: '10' },
        { name: 'tcp_user_timeout', setting: side === 'target' ? '60000' : '0' },
      ])
      await session.end()
    }
  })
})
